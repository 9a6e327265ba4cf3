import type { MsgHdrs } from '@nats-io/transport-node'
import type { StreamName } from './streams.ts'

/** A message of a stream, from the server or from memory: what readers that follow a stream need of it. */
export interface StreamMessage {
  seq: number
  subject: string
  data: Uint8Array
  /** When the server stored it; of what comes from memory: when its answer came. */
  time: Date
  /** Only of what the server has handed out. */
  headers?: MsgHdrs | undefined
  string(): string
}

/**
 * The latest messages that this connection has appended to one stream, by their sequence: whoever follows the stream in the same
 * process needs no copy of them from the server. Only what the server has answered for is here, with the place that it gave.
 */
export interface OwnAppends {
  /** Somebody follows the stream: until then nothing is kept. */
  want(): void
  /** As appended, the first one at `firstSeq`. */
  put(messages: readonly OwnMessage[], firstSeq: number): void
  has(seq: number): boolean
  /** What stands from `fromSeq` on without a hole, at most so many. */
  take(fromSeq: number, max: number): StreamMessage[]
  /** So much has come lately that following the server is the longer way. */
  isFlowing(): boolean
  /** Resolves with true once `seq` is here; false: nothing has come within `idleMs`, or what came stands behind a hole, or it was emptied. */
  waitFor(seq: number, idleMs: number): Promise<boolean>
  /** After a break of the connection nothing that was known before it counts. */
  clear(): void
}

export type OwnMessage = Pick<StreamMessage, 'subject'> & { body: Uint8Array | string }

const MESSAGES_MAX = 8_192
const BYTES_MAX = 16 * 1024 * 1024
/** What it costs beside its body, about. */
const OVERHEAD_BYTES = 256
const FLOW_WINDOW_MS = 250
/** So many within the window, or the one before it. */
const FLOW_MIN = 64
/** Answers of rounds that are under way at the same time may come in another order than their places. */
const HOLE_WAIT_MS = 25

/** @param flowMin So many within a quarter of a second are a flow. */
function createOwnAppends(flowMin: number): OwnAppends {
  /** In the order in which they came, which is nearly always that of the stream. */
  const bySeq = new Map<number, Held>()
  let bytes = 0
  let highestSeq = 0
  let isWanted = false
  let waiters: (() => void)[] = []
  const flow = { sinceMs: 0, count: 0, before: 0 }

  function turnWindow(nowMs: number): void {
    const elapsedMs = nowMs - flow.sinceMs
    if (elapsedMs < FLOW_WINDOW_MS) return
    flow.before = elapsedMs < 2 * FLOW_WINDOW_MS ? flow.count : 0
    flow.count = 0
    flow.sinceMs = nowMs
  }

  function trim(): void {
    for (const [seq, held] of bySeq) {
      if (bySeq.size <= MESSAGES_MAX && bytes <= BYTES_MAX) return
      bySeq.delete(seq)
      bytes -= held.body.length + OVERHEAD_BYTES
    }
  }

  function wake(): void {
    const woken = waiters
    waiters = []
    for (const resolve of woken) resolve()
  }

  /** Resolves at the next `put` or `clear`, or after so long. */
  function nextChange(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs)
      waiters.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  return {
    want() {
      isWanted = true
    },
    put(messages, firstSeq) {
      if (!isWanted) return
      const nowMs = performance.now()
      turnWindow(nowMs)
      flow.count += messages.length
      const time = new Date()
      for (const [i, { subject, body }] of messages.entries()) {
        const held = new Held(firstSeq + i, subject, body, time)
        bySeq.set(held.seq, held)
        bytes += body.length + OVERHEAD_BYTES
      }
      highestSeq = Math.max(highestSeq, firstSeq + messages.length - 1)
      trim()
      wake()
    },
    has: (seq) => bySeq.has(seq),
    take(fromSeq, max) {
      const taken: StreamMessage[] = []
      for (let seq = fromSeq; taken.length < max; seq++) {
        const held = bySeq.get(seq)
        if (held === undefined) break
        taken.push(held)
      }
      return taken
    },
    isFlowing() {
      turnWindow(performance.now())
      return flow.count + flow.before >= flowMin
    },
    async waitFor(seq, idleMs) {
      if (highestSeq < seq) await nextChange(idleMs)
      if (!bySeq.has(seq) && highestSeq > seq) await nextChange(HOLE_WAIT_MS)
      return bySeq.has(seq)
    },
    clear() {
      bySeq.clear()
      bytes = 0
      highestSeq = 0
      flow.count = 0
      flow.before = 0
      wake()
    },
  }
}

class Held implements StreamMessage {
  readonly seq: number
  readonly subject: string
  readonly body: Uint8Array | string
  readonly time: Date

  constructor(seq: number, subject: string, body: Uint8Array | string, time: Date) {
    this.seq = seq
    this.subject = subject
    this.body = body
    this.time = time
  }

  get data(): Uint8Array {
    return typeof this.body === 'string' ? Buffer.from(this.body) : this.body
  }

  string(): string {
    return typeof this.body === 'string' ? this.body : Buffer.from(this.body).toString('utf8')
  }
}

/** One for each stream, made when it is first asked for. */
export function createOwnAppendsOf(flowMin = FLOW_MIN): { of(stream: StreamName): OwnAppends; clear(): void } {
  const all = new Map<StreamName, OwnAppends>()
  return {
    of(stream) {
      const known = all.get(stream)
      if (known) return known
      const made = createOwnAppends(flowMin)
      all.set(stream, made)
      return made
    },
    clear() {
      for (const own of all.values()) own.clear()
    },
  }
}
