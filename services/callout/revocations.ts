import type { NatsConnection } from '@nats-io/transport-node'
import { mayStay } from '#shared/domain/nats-client.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { ControlFact } from '#shared/facts/control.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import { type PartState, unwell, WELL } from '#shared/runtime/health.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import { NATS_ACCOUNTS } from '#shared/runtime/nats-roles.ts'
import { type ClientConnection, endConnection, listConnections } from './connections.ts'

/** Ends the connections of those who may no longer be there. */
export interface Revocations {
  start(): void
  stop(): Promise<void>
  state(): PartState
  /** Connections ended since the start. */
  readonly ended: number
}

export interface RevocationsOptions {
  system: () => NatsConnection
  registry: Registry
  controlReader: ControlReader
  logger: Logger
}

/** Facts come in groups: one look is enough for all of them. */
const GATHER_MS = 100
/** Who was let in by what was known a moment before is found by a second look. */
const LOOK_AFTER_MS = 2_000
/** What a look has missed, since a server was away, the next one finds. */
const LOOK_EVERY_MS = 30_000
const LOOK_AGAIN_MS = 1_000
const UNWELL_FROM_FAILURES = 3
const ENDED_AT_ONCE = 64

/** What a client's rights come from. */
const KINDS: ReadonlySet<ControlFact['type']> = new Set([
  'organization',
  'application',
  'application_secret',
  'service_token',
])

export function createRevocations({ system, registry, controlReader, logger }: RevocationsOptions): Revocations {
  let timer: NodeJS.Timeout | null = null
  let dueMs = 0
  let looking: Promise<void> | null = null
  let isWanted = false
  /** Something has changed since the last look. */
  let isChanged = false
  let isStopped = false
  let failuresInARow = 0
  let ended = 0
  let forget = (): void => {}

  async function look(): Promise<void> {
    const connections = await listConnections(system(), NATS_ACCOUNTS.applications)
    const revoked = connections.filter(({ name }) => !mayStay(name, registry))
    for (let from = 0; from < revoked.length; from += ENDED_AT_ONCE)
      await Promise.all(revoked.slice(from, from + ENDED_AT_ONCE).map(end))
  }

  async function end(connection: ClientConnection): Promise<void> {
    await endConnection(system(), connection)
    ended++
    logger.info({ client: connection.clientId }, 'ended a connection to NATS: what it was let in by has changed')
  }

  async function run(): Promise<void> {
    let isLookedAfter = true
    while (isWanted && !isStopped) {
      isWanted = false
      if (isChanged) isLookedAfter = false
      isChanged = false
      try {
        await look()
        failuresInARow = 0
      } catch (error) {
        failuresInARow++
        logger.warn({ err: error }, 'connections to NATS could not be looked at')
        return lookIn(LOOK_AGAIN_MS)
      }
    }
    lookIn(isLookedAfter ? LOOK_EVERY_MS : LOOK_AFTER_MS)
  }

  /** What is due sooner already stays. */
  function lookIn(ms: number): void {
    const atMs = performance.now() + ms
    if (isStopped || (timer !== null && dueMs <= atMs)) return
    if (timer !== null) clearTimeout(timer)
    dueMs = atMs
    timer = setTimeout(() => {
      timer = null
      isWanted = true
      looking ??= run().finally(() => {
        looking = null
        if (isWanted) lookIn(GATHER_MS)
      })
    }, ms)
  }

  return {
    start() {
      forget = controlReader.onFact((fact) => {
        if (!KINDS.has(fact.type)) return
        isChanged = true
        lookIn(GATHER_MS)
      })
      lookIn(GATHER_MS)
    },
    async stop() {
      isStopped = true
      forget()
      if (timer !== null) clearTimeout(timer)
      await looking
    },
    state: () =>
      failuresInARow < UNWELL_FROM_FAILURES
        ? WELL
        : unwell(`connections to NATS can't be looked at, after ${failuresInARow} tries: revoked ones last`),
    get ended() {
      return ended
    },
  }
}
