/**
 * The life of everything that runs: `start()` resolves when it takes work, `stop()` when what was in hand is finished
 * and flushed. Both may be called more than once, and `stop()` before `start()`.
 */
export interface Service {
  readonly name: string
  start(): Promise<void>
  stop(): Promise<void>
  /** Resolves when it can't go on: the process has to end, so that whoever looks after it sees that. */
  readonly failed?: Promise<Error>
}

/**
 * Several services as one: started in order, stopped in reverse order. A start that fails stops what had started.
 */
export function composeServices(name: string, services: readonly Service[]): Service {
  let started: Service[] = []
  const stopAll = async () => {
    const toStop = started.reverse()
    started = []
    const failures: unknown[] = []
    for (const service of toStop) await service.stop().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw new AggregateError(failures, `${name}: some services did not stop cleanly`)
  }
  return {
    name,
    async start() {
      for (const service of services) {
        started.push(service)
        try {
          await service.start()
        } catch (error) {
          await stopAll().catch(() => {})
          throw error
        }
      }
    },
    stop: stopAll,
  }
}
