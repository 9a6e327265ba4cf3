import type { RouteDependencies } from '../dependencies.ts'
import { createIngest } from '../ingest.ts'
import { createRateLimiter } from '../rate-limiter.ts'
import { createInboxReader } from './inbox-reader.ts'
import { createIngestService } from './ingest-service.ts'

/** Events by NATS, taken by the very code that takes posts. */
export interface NatsDoor {
  start(): Promise<void>
  stop(): Promise<void>
}

export function createNatsDoor(deps: RouteDependencies): NatsDoor {
  const ingest = createIngest(deps, 'nats')
  const limit = deps.config.rateLimits.ingest
  const limiter = limit === null ? null : createRateLimiter({ limit, clock: deps.clock })
  const inbox = createInboxReader({ ...deps, ingest, limiter })
  const service = createIngestService({ ...deps, ingest, limiter })
  return {
    async start() {
      inbox.start()
      await service.start()
    },
    async stop() {
      await Promise.all([inbox.stop(), service.stop()])
    },
  }
}
