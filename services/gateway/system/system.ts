import { statfs } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConsumerInfo, StreamInfo } from '@nats-io/jetstream'
import type { SystemAnswer, SystemLight } from '#shared/contract/system-schemas.ts'
import { JETHOOK_VERSION } from '#shared/runtime/version.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { timeText } from '../presenters/time.ts'
import { type ProjectionCheckpoints, readProjectionCheckpoints } from '../queries/projection-status.ts'
import { fillLight, lagLight, overallLight, remedyOf } from './remedies.ts'
import { presentConsumer, presentLanes, presentStream, readStreamFigures } from './streams.ts'

/** A server that doesn't answer by then counts as away. */
const ASK_LIMIT_MS = 2_000
const RECONCILER = 'reconciler'

const startedAtMs = Date.now() - performance.now()

/** Everything that an operator looks at; what can't be asked is said to be bad, and the rest is told all the same. */
export async function describeSystem(deps: RouteDependencies): Promise<SystemAnswer> {
  const { nats, orm, registry, config } = deps
  const [figures, checkpoints, disk] = await Promise.all([
    inTime(nats.isUp() ? readStreamFigures(nats) : Promise.reject(new Error('not connected'))),
    inTime(readProjectionCheckpoints(orm)),
    diskOf(config.home),
  ])
  const answer = {
    version: JETHOOK_VERSION,
    node_version: process.versions.node,
    started_at: timeText(Math.round(startedAtMs)),
    parts: partsOf(deps, checkpoints !== null),
    streams: (figures?.streams ?? []).map(presentStream),
    consumers: (figures?.consumers ?? []).map(presentConsumer),
    projections: projectionsOf(checkpoints, figures?.streams ?? null),
    lanes: presentLanes(config.laneCount, registry.laneOwners, figures?.consumers ?? (null as ConsumerInfo[] | null)),
    reconciler: reconcilerOf(deps),
    disk,
  }
  return { ...answer, status: overallLight(answer) }
}

/** @returns null when it fails or takes too long. */
function inTime<T>(question: Promise<T>): Promise<T | null> {
  return Promise.race([question, delay(ASK_LIMIT_MS, null, { ref: false })]).catch(() => null)
}

function partsOf({ health }: RouteDependencies, isPostgresUp: boolean): SystemAnswer['parts'] {
  const part = (name: string, status: SystemLight, says: string | null) => ({
    name,
    status,
    says,
    remedy: remedyOf(name, status),
  })
  const own = Object.entries(health.parts()).map(([name, { isWell, detail }]) =>
    part(name, isWell ? 'ok' : 'bad', detail),
  )
  const postgres = part('postgres', isPostgresUp ? 'ok' : 'bad', isPostgresUp ? null : 'does not answer')
  return [postgres, ...own]
}

function projectionsOf(
  checkpoints: ProjectionCheckpoints | null,
  streams: readonly StreamInfo[] | null,
): SystemAnswer['projections'] {
  const endOf = (stream: string) => streams?.find(({ config }) => config.name === stream)?.state.last_seq ?? null
  return (checkpoints?.live ?? []).map(({ name, stream, seq }) => {
    const end = endOf(stream)
    const lag = end === null ? null : Math.max(0, end - seq)
    const status = lagLight(lag)
    const rebuilt = checkpoints!.rebuilt.find((each) => each.name === name)
    const state = checkpoints!.isRebuilding ? ('running' as const) : ('stopped' as const)
    return {
      name,
      stream,
      checkpoint: seq,
      lag,
      status,
      remedy:
        status === 'ok' ? null : 'Rows are behind: see how busy Postgres is, and whether the projection has stopped.',
      rebuild: rebuilt ? { state, done: rebuilt.seq, total: Math.max(rebuilt.seq, end ?? seq) } : null,
    }
  })
}

/** Null: it runs in another process. */
function reconcilerOf({ health, broughtBack }: RouteDependencies): SystemAnswer['reconciler'] {
  const state = health.parts()[RECONCILER]
  if (!state || !broughtBack) return null
  return { status: state.isWell ? 'ok' : 'bad', brought_back: broughtBack() }
}

async function diskOf(path: string): Promise<SystemAnswer['disk']> {
  try {
    const { bavail, blocks, bsize } = await statfs(path)
    const [free, total] = [bavail * bsize, blocks * bsize]
    const status = fillLight(total - free, total)
    const remedy =
      status === 'ok' ? null : 'Free space, or let streams keep less (EVENTS_MAX_AGE_DAYS, LEDGER_MAX_AGE_DAYS).'
    return { path, free_bytes: free, total_bytes: total, status, remedy }
  } catch {
    return null
  }
}
