import { createHash } from 'node:crypto'
import type { ReceivedRequest } from '#scripts/verify/verify-ledger.ts'
import type { SendResult } from '#shared/domain/outcome.ts'
import type { OutgoingRequest, Sender } from '#shared/runtime/sender/sender.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Trace } from './trace.ts'
import type { Owner, VirtualTime } from './virtual-time.ts'

/** How a receiver is. */
export const CHARACTERS = ['good', 'flaky', 'down at first', 'picky', 'slow', 'hangs', 'resets', 'never'] as const
export type Character = (typeof CHARACTERS)[number]

/** Every request that arrived, and what was answered. */
export interface Receivers {
  readonly received: ReceivedRequest[]
  /** Requests are a process' own; what they bring about at a receiver is not. */
  senderOf(owner: Owner): Sender
}

const TIMEOUT_MS = 3_000
const TAKEN = { status: 200, afterMs: 1 }
/** A receiver that is down at first is up by then. */
const UP_AFTER_MS = 8_000

interface Answer {
  status: number | null
  afterMs: number
}

export function createReceivers(
  time: VirtualTime,
  random: SeededRandom,
  characterOf: (subscriptionId: string) => Character,
  trace: Trace,
  /** Decides whether one that is busy also says for how long; null: none does. */
  resting: SeededRandom | null = null,
): Receivers {
  const received: ReceivedRequest[] = []
  /** What a receiver has taken once it takes again. */
  const taken = new Set<string>()
  const network: Owner = { name: 'network', isAlive: true }

  /** @returns status 0 when the connection ends without an answer; null: it never ends. */
  function answerOf(character: Character): Answer {
    const afterMs = random.next() * 20
    switch (character) {
      case 'good':
        return { status: 200, afterMs }
      case 'flaky':
        return { status: random.chance(0.3) ? random.pick([500, 429, 503]) : 204, afterMs }
      case 'down at first':
        return { status: time.nowMs() < UP_AFTER_MS ? 503 : 200, afterMs }
      case 'picky':
        return { status: random.chance(0.2) ? random.pick([400, 404, 410]) : 200, afterMs }
      case 'slow':
        return { status: 200, afterMs: random.next() * 1_500 }
      case 'hangs':
        return { status: random.chance(0.2) ? null : 200, afterMs }
      case 'resets':
        return { status: random.chance(0.3) ? 0 : 200, afterMs }
      case 'never':
        return { status: 500, afterMs }
    }
  }

  function restOf(status: number): Record<string, string> {
    const isBusy = status === 429 || status === 503
    return resting !== null && isBusy && resting.chance(0.5) ? { 'retry-after': String(resting.int(1, 4)) } : {}
  }

  function send(owner: Owner, request: OutgoingRequest): Promise<SendResult> {
    const subscriptionId = request.path.slice(1)
    const eventId = request.headers[request.headers.indexOf('x-event-id') + 1]!
    const sha256 = digestOf(request.body)
    const entry = { eventId, subscriptionId, status: 0, sha256 }
    return new Promise((resolve) => {
      const cancel = time.after(
        TIMEOUT_MS,
        () => {
          // An answer that comes too late is none.
          entry.status = 0
          resolve({ type: 'timed-out', message: `No complete answer within ${TIMEOUT_MS} ms` })
        },
        owner,
      )
      const answer = (result: SendResult) =>
        time.after(
          random.next() * 2,
          () => {
            cancel()
            resolve(result)
          },
          owner,
        )
      time.after(
        random.next() * 3,
        () => {
          const known = `${eventId} ${subscriptionId}`
          const { status, afterMs } = taken.has(known) ? TAKEN : answerOf(characterOf(subscriptionId))
          if (status !== null && status >= 200 && status <= 299) taken.add(known)
          time.after(
            afterMs,
            () => {
              entry.status = status ?? 0
              received.push(entry)
              trace('receiver', () => `${entry.status} to event ${eventId} of ${subscriptionId} (${owner.name})`)
              if (status === null) return
              if (status === 0) answer({ type: 'connection-failed', message: 'The connection was reset' })
              else answer({ type: 'responded', response: responseOf(status, restOf(status)) })
            },
            network,
          )
        },
        network,
      )
    })
  }

  return {
    received,
    senderOf: (owner) => ({ send: (request) => send(owner, request), close: async () => {} }),
  }
}

export function digestOf(payload: Uint8Array): string {
  return createHash('sha1').update(payload).digest('hex')
}

function responseOf(statusCode: number, headers: Record<string, string>) {
  return { statusCode, headers, bodyBase64: '', isBodyCut: false }
}
