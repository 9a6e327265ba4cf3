import type { FakeMessage, FakeStream } from './fake-stream.ts'
import { subjectMatches } from './subject-filter.ts'
import type { Trace } from './trace.ts'
import type { Owner, VirtualTime } from './virtual-time.ts'

export interface DurableOptions {
  name: string
  filterSubject: string
  /** First sequence that it hands out. */
  fromSeq: number
  ackWaitMs: number
  ackPendingMax: number
}

/** A message as it is handed out. */
export interface Handed {
  message: FakeMessage
  isRedelivered: boolean
}

/** A client that takes messages of a consumer. */
export interface Taker {
  /** Messages that it takes before it has dealt with any. */
  room(): number
  take(handed: Handed): void
}

/** A durable pull consumer with explicit acknowledgements. */
export interface DurableConsumer {
  readonly stream: FakeStream
  readonly options: DurableOptions
  attach(taker: Taker): () => void
  /** Hands out what may be handed out. */
  pump(): void
  ack(seq: number): void
  nak(seq: number, delayMs: number): void
  working(seq: number): void
  info(): ConsumerState
  /** Hands out again, in order, what isn't acknowledged, or what begins with a sequence. @returns The first that may come. */
  reset(fromSeq?: number): number
  /** The server was killed: what it had not written down of the consumer's state is forgotten. */
  crash(): void
}

export interface ConsumerState {
  ackFloorSeq: number
  deliveredSeq: number
  pendingCount: number
  ackPendingCount: number
}

interface Pending {
  /** When it is handed out again. */
  dueMs: number
  cancel(): void
}

/** The state of consumers is written down now and then only. */
const STATE_WRITTEN_EVERY_MS = 2_000

export interface ConsumerCreation {
  stream: FakeStream
  options: DurableOptions
  time: VirtualTime
  owner: Owner
  trace: Trace
  /** Asked of each message: whether it is handed out again for no reason. */
  isHandedOutAgain(): boolean
}

export function createConsumer({
  stream,
  options,
  time,
  owner,
  trace,
  isHandedOutAgain,
}: ConsumerCreation): DurableConsumer {
  const pending = new Map<number, Pending>()
  /** Seen before, to be handed out again now. */
  let again: number[] = []
  let nextSeq = options.fromSeq
  /** The last one that was handed out for the first time. */
  let deliveredSeq = options.fromSeq - 1
  let ackFloorSeq = options.fromSeq - 1
  const takers: Taker[] = []
  let turn = 0
  let written = { nextSeq, deliveredSeq, ackFloorSeq, pending: [] as number[], atMs: 0 }

  function takerWithRoom(): Taker | null {
    for (let i = 0; i < takers.length; i++) {
      const taker = takers[(turn + i) % takers.length]!
      if (taker.room() > 0) {
        turn++
        return taker
      }
    }
    return null
  }

  function pump(): void {
    writeStateDown()
    while (true) {
      const handed = nextToHandOut()
      if (handed === null) return
      const taker = takerWithRoom()
      if (taker === null) return
      if (handed.isRedelivered) again.shift()
      else {
        deliveredSeq = handed.message.seq
        nextSeq = deliveredSeq + 1
      }
      expectAck(handed.message.seq)
      trace(options.name, () => `hands out ${handed.message.seq}${handed.isRedelivered ? ' again' : ''}`)
      taker.take(handed)
      if (isHandedOutAgain()) taker.take({ ...handed, isRedelivered: true })
    }
  }

  function nextToHandOut(): Handed | null {
    while (again.length > 0) {
      const message = stream.get(again[0]!)
      if (message !== null && pending.has(again[0]!)) return { message, isRedelivered: true }
      pending.get(again[0]!)?.cancel()
      pending.delete(again.shift()!)
    }
    if (pending.size >= options.ackPendingMax) return null
    for (; nextSeq <= stream.lastSeq(); nextSeq++) {
      const message = stream.get(nextSeq)
      if (message !== null && subjectMatches(options.filterSubject, message.subject))
        return { message, isRedelivered: false }
    }
    return null
  }

  function expectAck(seq: number, waitMs = options.ackWaitMs): void {
    pending.get(seq)?.cancel()
    const cancel = time.after(
      waitMs,
      () => {
        if (!pending.has(seq) || again.includes(seq)) return
        again.push(seq)
        pump()
      },
      owner,
    )
    pending.set(seq, { dueMs: time.nowMs() + waitMs, cancel })
  }

  function moveFloor(): void {
    let floor = deliveredSeq
    for (const seq of pending.keys()) floor = Math.min(floor, seq - 1)
    ackFloorSeq = Math.max(ackFloorSeq, floor)
  }

  function writeStateDown(): void {
    if (time.nowMs() - written.atMs < STATE_WRITTEN_EVERY_MS) return
    moveFloor()
    written = { nextSeq, deliveredSeq, ackFloorSeq, pending: [...pending.keys()], atMs: time.nowMs() }
  }

  return {
    stream,
    options,
    attach(taker) {
      takers.push(taker)
      pump()
      return () => void takers.splice(takers.indexOf(taker), takers.includes(taker) ? 1 : 0)
    },
    pump,
    ack(seq) {
      trace(options.name, () => `ack ${seq}`)
      pending.get(seq)?.cancel()
      if (pending.delete(seq)) pump()
    },
    nak(seq, delayMs) {
      trace(options.name, () => `nak ${seq} for ${delayMs} ms`)
      if (pending.has(seq) && !again.includes(seq)) expectAck(seq, delayMs)
    },
    working(seq) {
      if (pending.has(seq) && !again.includes(seq)) expectAck(seq)
    },
    reset(fromSeq) {
      moveFloor()
      trace(options.name, () => `reset to ${fromSeq ?? ackFloorSeq + 1}`)
      if (fromSeq !== undefined) ackFloorSeq = fromSeq - 1
      for (const { cancel } of pending.values()) cancel()
      pending.clear()
      again = []
      deliveredSeq = ackFloorSeq
      nextSeq = ackFloorSeq + 1
      written = { nextSeq, deliveredSeq, ackFloorSeq, pending: [], atMs: time.nowMs() }
      pump()
      return nextSeq
    },
    info() {
      moveFloor()
      let pendingCount = 0
      for (let seq = nextSeq; seq <= stream.lastSeq(); seq++) {
        const message = stream.get(seq)
        if (message !== null && subjectMatches(options.filterSubject, message.subject)) pendingCount++
      }
      return { ackFloorSeq, deliveredSeq, pendingCount, ackPendingCount: pending.size }
    },
    crash() {
      takers.length = 0
      for (const { cancel } of pending.values()) cancel()
      pending.clear()
      again = []
      nextSeq = written.nextSeq
      deliveredSeq = written.deliveredSeq
      ackFloorSeq = written.ackFloorSeq
      for (const seq of written.pending) expectAck(seq)
    },
  }
}
