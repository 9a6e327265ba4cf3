import { SettingsError } from '#shared/runtime/config.ts'

/** The services of one process, by their names. */
export type ServiceNames = readonly string[]

/** What further processes run; everything else stays in the first one. */
export interface WorkerPlan {
  workers: readonly ServiceNames[]
}

/** One process that does all, and no core for itself: nats-server, Postgres and the kernel need as much again. */
const CORES_FOR_SERVERS = 2
const WORKERS_MAX = 64
/** The matcher goes with the deliverer: what it has just read is what the other needs next. */
const DELIVERY: ServiceNames = ['matcher', 'deliverer']
const ROWS: ServiceNames = ['projections', 'outcomes', 'notifier']
/** Deliverers share the lanes; the payload of an event that another process has matched is fetched from EVENTS. */
const MORE_DELIVERY: ServiceNames = ['deliverer']

/**
 * How the services are spread over processes, since one event loop uses one core.
 * @param setting `WORKERS`: how many processes in all, or `auto`.  @param cores Of this machine.
 * @throws {SettingsError} when it is neither.
 */
export function planWorkers(setting: string, cores: number): WorkerPlan {
  const processes = setting === 'auto' ? Math.max(1, cores - CORES_FOR_SERVERS) : Number(setting)
  if (!Number.isInteger(processes) || processes < 1 || processes > WORKERS_MAX)
    throw new SettingsError(`Settings: WORKERS takes auto or a number from 1 to ${WORKERS_MAX}, not '${setting}'.`)
  const order = [DELIVERY, ROWS, ...Array.from({ length: WORKERS_MAX }, () => MORE_DELIVERY)]
  return { workers: order.slice(0, processes - 1) }
}
