import type { RouteDependencies } from '../dependencies.ts'
import { createIngest } from '../ingest.ts'
import { createInboxReader } from './inbox-reader.ts'

/** Events by NATS, taken by the very code that takes posts. */
export interface NatsDoor {
  start(): Promise<void>
  stop(): Promise<void>
}

export function createNatsDoor(deps: RouteDependencies): NatsDoor {
  const ingest = createIngest(deps)
  const inbox = createInboxReader({ ...deps, ingest })
  return {
    async start() {
      inbox.start()
    },
    async stop() {
      await inbox.stop()
    },
  }
}
