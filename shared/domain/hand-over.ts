/** An event on its way to a NATS client, by its place in EVENTS. */
export interface Handed {
  eventSeq: number
  bytes: number
}

/**
 * Hands events over on plain NATS, which keeps nothing: each stays here until it is answered, and not many do at once. Who
 * does not answer is sent one event now and then, and the others when it does. Times are of a monotonic clock.
 */
export interface HandOver<T extends Handed> {
  /** Whether one more may be handed over. */
  hasRoom(): boolean
  isEmpty(): boolean
  /** @returns what is to be sent. */
  add(item: T, nowMs: number): T[]
  /**
   * The client has this event and all before it; 0: it is there, and has none of those that it has not answered.
   * @returns how many were taken, and what is to be sent again.
   */
  answer(eventSeq: number, nowMs: number): { takenCount: number; takenThroughSeq: number; send: T[] }
  /** Asked now and then. @returns what is to be sent again. */
  tick(nowMs: number): T[]
  /** Nobody has answered for long. */
  isForsaken(nowMs: number): boolean
}

const UNANSWERED_MAX = 256
const UNANSWERED_MAX_BYTES = 8 * 1024 * 1024
/** As long as JetStream's own consumers wait. */
const ANSWER_WAIT_MS = 30_000
const PROBE_WAIT_MS = 1_000
const FORSAKEN_AFTER_MS = 15_000
/** Who asks for all again more often than this is not listened to. */
const HELLO_INTERVAL_MS = 1_000

export function createHandOver<T extends Handed>(): HandOver<T> {
  let unanswered: T[] = []
  let bytes = 0
  /** Somebody has answered, and not long ago. */
  let isHeard = false
  let movedAtMs = 0
  let unheardSinceMs = 0
  let probeAtMs = 0
  let probeWaitMs = PROBE_WAIT_MS
  let lastHelloMs = Number.NEGATIVE_INFINITY

  function loseSight(nowMs: number): void {
    isHeard = false
    unheardSinceMs = nowMs
    probeAtMs = nowMs
    probeWaitMs = PROBE_WAIT_MS
  }

  function hear(nowMs: number): T[] {
    movedAtMs = nowMs
    if (isHeard) return []
    isHeard = true
    return [...unanswered]
  }

  function hello(nowMs: number): T[] {
    if (nowMs - lastHelloMs < HELLO_INTERVAL_MS) return []
    lastHelloMs = nowMs
    hear(nowMs)
    return [...unanswered]
  }

  return {
    hasRoom: () =>
      unanswered.length === 0 || (isHeard && unanswered.length < UNANSWERED_MAX && bytes < UNANSWERED_MAX_BYTES),
    isEmpty: () => unanswered.length === 0,
    add(item, nowMs) {
      unanswered.push(item)
      bytes += item.bytes
      if (unanswered.length > 1) return [item]
      movedAtMs = nowMs
      if (isHeard) return [item]
      loseSight(nowMs)
      return this.tick(nowMs)
    },
    answer(eventSeq, nowMs) {
      if (eventSeq === 0) return { takenCount: 0, takenThroughSeq: 0, send: hello(nowMs) }
      const taken = unanswered.filter((item) => item.eventSeq <= eventSeq)
      if (taken.length === 0) return { takenCount: 0, takenThroughSeq: 0, send: [] }
      unanswered = unanswered.slice(taken.length)
      bytes = unanswered.reduce((sum, item) => sum + item.bytes, 0)
      return { takenCount: taken.length, takenThroughSeq: taken.at(-1)!.eventSeq, send: hear(nowMs) }
    },
    tick(nowMs) {
      if (unanswered.length === 0) return []
      if (isHeard && nowMs - movedAtMs >= ANSWER_WAIT_MS) loseSight(nowMs)
      if (isHeard || nowMs < probeAtMs) return []
      probeAtMs = nowMs + probeWaitMs
      probeWaitMs *= 2
      return unanswered.slice(0, 1)
    },
    isForsaken: (nowMs) => unanswered.length > 0 && !isHeard && nowMs - unheardSinceMs >= FORSAKEN_AFTER_MS,
  }
}
