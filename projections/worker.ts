import { type Health, unwell, WELL } from '#shared/runtime/health.ts'
import { composeServices, type Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { auditProjection } from './audit.ts'
import { createAuditWatch } from './audit-watch.ts'
import { controlProjection } from './control.ts'
import { eventsProjection } from './events.ts'
import { ledgerProjection } from './ledger.ts'
import { createProjectionRunner, StreamReplacedError } from './runner.ts'

export interface ProjectionsDependencies {
  nats: Nats
  databaseUrl: string
  logger: Logger
  health: Health
}

export interface Projections extends Service {
  /** Projections that have stopped for good, and why. */
  halted(): Record<string, string>
  /** Resolves when a stream turns out to be another one, or shorter than it was: nobody may go on with it. */
  streamReplaced: Promise<Error>
}

/** One runner for each stream, each with a checkpoint of its own. */
export function createProjections(deps: ProjectionsDependencies): Projections {
  const { promise: streamReplaced, resolve } = Promise.withResolvers<Error>()
  const onHalted = (error: Error) => {
    if (error instanceof StreamReplacedError) resolve(error)
  }
  const runners = [
    createProjectionRunner({ ...deps, onHalted, projection: controlProjection }),
    createProjectionRunner({ ...deps, onHalted, projection: auditProjection }),
    createProjectionRunner({ ...deps, onHalted, projection: eventsProjection }),
    createProjectionRunner({ ...deps, onHalted, projection: ledgerProjection }),
  ]
  for (const runner of runners) {
    deps.health.register(runner.name, () => {
      const error = runner.haltedBy()
      return error === null ? WELL : unwell(error.message)
    })
  }
  return {
    ...composeServices('projections', [...runners, createAuditWatch(deps)]),
    streamReplaced,
    halted: () =>
      Object.fromEntries(
        runners.flatMap((runner) => (runner.haltedBy() ? [[runner.name, runner.haltedBy()!.message]] : [])),
      ),
  }
}
