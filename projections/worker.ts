import { composeServices, type Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { auditProjection } from './audit.ts'
import { controlProjection } from './control.ts'
import { eventsProjection } from './events.ts'
import { ledgerProjection } from './ledger.ts'
import { createProjectionRunner } from './runner.ts'

export interface ProjectionsDependencies {
  nats: Nats
  databaseUrl: string
  logger: Logger
}

export interface Projections extends Service {
  /** Projections that have stopped for good, and why. */
  halted(): Record<string, string>
}

/** One runner for each stream, each with a checkpoint of its own. */
export function createProjections(deps: ProjectionsDependencies): Projections {
  const runners = [
    createProjectionRunner({ ...deps, projection: controlProjection }),
    createProjectionRunner({ ...deps, projection: auditProjection }),
    createProjectionRunner({ ...deps, projection: eventsProjection }),
    createProjectionRunner({ ...deps, projection: ledgerProjection }),
  ]
  return {
    ...composeServices('projections', runners),
    halted: () =>
      Object.fromEntries(
        runners.flatMap((runner) => (runner.haltedBy() ? [[runner.name, runner.haltedBy()!.message]] : [])),
      ),
  }
}
