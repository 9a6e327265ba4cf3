import type { Subscription } from '@nats-io/transport-node'
import type { Logger } from './logger.ts'
import type { Nats } from './nats.ts'

/** What became of a question to another process: it is there, nobody goes by that name any more, or it says nothing. */
export type PeerAnswer = 'alive' | 'gone' | 'silent'

/** The processes of one kind that share its work, as far as they let hear from them. */
export interface Peers {
  /** This process; a new one after each start. */
  readonly selfId: string
  start(): void
  stop(): void
  /** Those heard from lately, this one included, in order. */
  alive(): readonly string[]
  probe(id: string): Promise<PeerAnswer>
}

export interface PeersOptions {
  nats: Nats
  logger: Logger
  /** One token: what the processes have in common. */
  kind: string
  selfId: string
}

const BEAT_INTERVAL_MS = 1_000
/** Longer than a pull of messages lasts: what a process that hangs had asked for is not sent to it any more. */
export const PEER_SILENCE_MS = 6_000
const PROBE_TIMEOUT_MS = 1_000

/**
 * Processes that let each other know that they live: by a message each second on plain NATS, and by answering when they are
 * asked by name. When one dies, its connection is closed and the server says at once that nobody answers to its name.
 */
export function createPeers({ nats, logger, kind, selfId }: PeersOptions): Peers {
  const { connection } = nats
  const heardMs = new Map<string, number>()
  const beatSubject = `jethook.${kind}`
  const nameSubject = (id: string) => `jethook.${kind}.${id}`
  const subscriptions: Subscription[] = []
  let timer: NodeJS.Timeout | null = null

  function beat(): void {
    try {
      connection.publish(beatSubject, selfId)
    } catch (error) {
      logger.debug({ err: error }, 'no sign of life could be given')
    }
  }

  return {
    selfId,
    start() {
      if (timer !== null) return
      subscriptions.push(
        connection.subscribe(beatSubject, {
          callback: (_, message) => void heardMs.set(message.string(), performance.now()),
        }),
        connection.subscribe(nameSubject(selfId), { callback: (_, message) => void message.respond('here') }),
      )
      beat()
      timer = setInterval(beat, BEAT_INTERVAL_MS)
    },
    stop() {
      if (timer !== null) clearInterval(timer)
      for (const subscription of subscriptions.splice(0)) subscription.unsubscribe()
    },
    alive() {
      const sinceMs = performance.now() - PEER_SILENCE_MS
      for (const [id, atMs] of heardMs) if (atMs < sinceMs) heardMs.delete(id)
      return [...new Set([selfId, ...heardMs.keys()])].toSorted()
    },
    async probe(id) {
      try {
        await connection.request(nameSubject(id), '', { timeout: PROBE_TIMEOUT_MS })
        heardMs.set(id, performance.now())
        return 'alive'
      } catch (error) {
        // With a broken connection nobody can be asked.
        return nats.isUp() && (error as Error).message.includes('no responders') ? 'gone' : 'silent'
      }
    },
  }
}
