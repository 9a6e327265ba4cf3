import { type Health, unwell, WELL } from '#shared/runtime/health.ts'
import { composeServices, type Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import { type Metrics, NO_METRICS, type Sample } from '#shared/runtime/metrics.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { readStreamState } from '#shared/runtime/streams.ts'
import { auditProjection } from './audit.ts'
import { createAuditWatch } from './audit-watch.ts'
import { controlProjection } from './control.ts'
import { eventsProjection } from './events.ts'
import { ledgerProjection } from './ledger.ts'
import { createProjectionRunner, type ProjectionRunner, StreamReplacedError } from './runner.ts'

export interface ProjectionsDependencies {
  nats: Nats
  databaseUrl: string
  logger: Logger
  health: Health
  /** Left out: nothing is counted. */
  metrics?: Metrics
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
  registerProjectionFigures(deps, runners)
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

/** Where Postgres is away, how far the rows lag is told by what was written last. */
function registerProjectionFigures(
  { nats, metrics = NO_METRICS }: ProjectionsDependencies,
  runners: readonly ProjectionRunner[],
): void {
  metrics.gauge(
    {
      name: 'jethook_projection_lag_messages',
      help: 'Messages of its stream that a projection has not made rows of yet',
      labels: ['projection'],
    },
    async () => {
      const lags = runners.map(async (runner): Promise<Sample<'projection'>[]> => {
        const foldedSeq = runner.foldedSeq()
        if (foldedSeq === null) return []
        const { lastSeq } = await readStreamState(nats, runner.stream)
        return [{ labels: { projection: runner.projection }, value: Math.max(0, lastSeq - foldedSeq) }]
      })
      return (await Promise.all(lags)).flat()
    },
  )
  metrics.gauge(
    { name: 'jethook_projection_halted', help: '1 once a projection has stopped for good', labels: ['projection'] },
    () =>
      runners.map((runner) => ({
        labels: { projection: runner.projection },
        value: Number(runner.haltedBy() !== null),
      })),
  )
}
