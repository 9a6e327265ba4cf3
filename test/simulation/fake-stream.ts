import type { StreamConfig } from '@nats-io/jetstream'
import { subjectMatches } from './subject-filter.ts'
import type { Trace } from './trace.ts'
import type { Owner, VirtualTime } from './virtual-time.ts'

export interface PublishRequest {
  subject: string
  headers: Record<string, string>
  body: Uint8Array
}

export interface FakeMessage {
  seq: number
  subject: string
  body: Uint8Array
  headers: Record<string, string>
  /** When it was stored, by the server's clock. */
  time: Date
}

/** JetStream's publish acknowledgement. */
export type PubAck =
  | { stream: string; seq: number; duplicate?: true; batch?: string; count?: number }
  | { stream: string; seq: 0; error: { code: number; err_code: number; description: string } }

export interface FakeStream {
  readonly name: string
  readonly createdAt: string
  takes(subject: string): boolean
  /** When a write that comes in now, and takes so long, is done: one after the other. */
  nextWriteMs(tookMs: number): number
  write(messages: readonly PublishRequest[]): PubAck
  get(seq: number): FakeMessage | null
  /** @param filter A subject, or what several match. */
  lastOf(filter: string): FakeMessage | null
  firstSeq(): number
  lastSeq(): number
  /** Calls `onStored` after each write. @returns a function that ends this. */
  follow(onStored: () => void): () => void
  /** Removes what `filter` matches, up to but not with `beforeSeq`. */
  purge(filter: string, beforeSeq: number): number
  /** After a crash: schedules are armed from what is stored. */
  restart(): void
}

export interface FakeStreamOptions {
  name: string
  config: Partial<StreamConfig>
  time: VirtualTime
  owner: Owner
  /** The server's wall clock. */
  clockMs(): number
  trace: Trace
  onStored(): void
  firing: { delayMs(): number; isLost(): boolean; isDouble(): boolean }
}

const NANOS_PER_MS = 1_000_000
const WRONG_LAST_SUBJECT_SEQUENCE = 10071
const DUPLICATE_IN_BATCH = 10201

export function createStream(options: FakeStreamOptions): FakeStream {
  const { name, config, time, owner, clockMs, trace, onStored, firing } = options
  const subjects = config.subjects ?? []
  const windowMs = (config.duplicate_window ?? 0) / NANOS_PER_MS
  const perSubjectMax = config.max_msgs_per_subject ?? Number.POSITIVE_INFINITY
  /** By sequence minus one; null where a message was removed. */
  const messages: (FakeMessage | null)[] = []
  const bySubject = new Map<string, number[]>()
  const ids = new Map<string, { seq: number; atMs: number }>()
  const armed = new Map<number, () => void>()
  const followers = new Set<() => void>()
  let firstKept = 0
  let writtenUntilMs = 0

  function known(id: string | undefined): { seq: number } | null {
    if (id === undefined) return null
    const entry = ids.get(id)
    return entry !== undefined && time.nowMs() - entry.atMs <= windowMs ? entry : null
  }

  const lastSeqOf = (subject: string) => bySubject.get(subject)?.at(-1) ?? 0

  function lastMatching(filter: string): FakeMessage | null {
    let lastSeq = 0
    for (const subject of bySubject.keys())
      if (subjectMatches(filter, subject)) lastSeq = Math.max(lastSeq, lastSeqOf(subject))
    return messages[lastSeq - 1] ?? null
  }

  function write(requests: readonly PublishRequest[]): PubAck {
    const isBatch = requests.length > 1 || requests[0]!.headers['Nats-Batch-Id'] !== undefined
    const within = new Set<string>()
    for (const { subject, headers } of requests) {
      const id = headers['Nats-Msg-Id']
      const before = known(id)
      if (before !== null && !isBatch) return { stream: name, seq: before.seq, duplicate: true }
      if (id !== undefined && (before !== null || within.has(id)))
        return refusal(400, DUPLICATE_IN_BATCH, 'batch publish contains duplicate message id')
      if (id !== undefined) within.add(id)
      const expected = headers['Nats-Expected-Last-Subject-Sequence']
      if (expected !== undefined && Number(expected) !== lastSeqOf(subject))
        return refusal(400, WRONG_LAST_SUBJECT_SEQUENCE, `wrong last sequence: ${lastSeqOf(subject)}`)
    }
    for (const request of requests) store(request)
    tellStored()
    const batch = requests.at(-1)!.headers['Nats-Batch-Id']
    return {
      stream: name,
      seq: messages.length,
      ...(batch === undefined ? {} : { batch, count: requests.length }),
    }
  }

  function store({ subject, headers, body }: PublishRequest): void {
    const seq = messages.length + 1
    const message = { seq, subject, body, headers, time: new Date(clockMs()) }
    messages.push(message)
    trace(name, () => `${seq} ${subject} ${headers['Nats-Msg-Id'] ?? '-'} ${Buffer.from(body).toString()}`)
    const id = headers['Nats-Msg-Id']
    if (id !== undefined) ids.set(id, { seq, atMs: time.nowMs() })
    const isSchedule = headers['Nats-Schedule'] !== undefined
    const ofSubject = bySubject.get(subject) ?? []
    // A subject holds one schedule: the newer one takes the older one's place.
    if (isSchedule) for (const old of [...ofSubject]) remove(old)
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), seq])
    const held = bySubject.get(subject)!
    if (held.length > perSubjectMax) remove(held[0]!)
    if (isSchedule) arm(message)
  }

  function remove(seq: number): void {
    const message = messages[seq - 1]
    if (!message) return
    messages[seq - 1] = null
    while (firstKept < messages.length && messages[firstKept] === null) firstKept++
    bySubject.set(
      message.subject,
      bySubject.get(message.subject)!.filter((each) => each !== seq),
    )
    armed.get(seq)?.()
    armed.delete(seq)
  }

  function arm(message: FakeMessage): void {
    const dueMs = Date.parse(message.headers['Nats-Schedule']!.slice('@at '.length))
    const waitMs = Math.max(0, dueMs - clockMs()) + firing.delayMs()
    armed.set(
      message.seq,
      time.after(waitMs, () => fire(message), owner),
    )
  }

  function fire(message: FakeMessage): void {
    armed.delete(message.seq)
    if (messages[message.seq - 1] === null) return
    const times = firing.isLost() ? 0 : firing.isDouble() ? 2 : 1
    remove(message.seq)
    const subject = message.headers['Nats-Schedule-Target']!
    for (let i = 0; i < times; i++)
      store({ subject, headers: { 'Nats-Scheduler': message.subject }, body: message.body })
    tellStored()
  }

  function tellStored(): void {
    onStored()
    for (const follower of [...followers]) follower()
  }

  return {
    name,
    createdAt: '2026-01-01T00:00:00Z',
    takes: (subject) => subjects.some((filter) => subjectMatches(filter, subject)),
    nextWriteMs(tookMs) {
      writtenUntilMs = Math.max(writtenUntilMs, time.nowMs()) + tookMs
      return writtenUntilMs
    },
    write,
    get: (seq) => messages[seq - 1] ?? null,
    lastOf: (filter) => (/[*>]/.test(filter) ? lastMatching(filter) : (messages[lastSeqOf(filter) - 1] ?? null)),
    firstSeq: () => (messages.length === 0 ? 0 : firstKept + 1),
    lastSeq: () => messages.length,
    follow(follower) {
      followers.add(follower)
      follower()
      return () => void followers.delete(follower)
    },
    purge(filter, beforeSeq) {
      trace(name, () => `purge ${filter} before ${beforeSeq}`)
      let count = 0
      for (const [subject, seqs] of bySubject) {
        if (!subjectMatches(filter, subject)) continue
        for (const seq of seqs) {
          if (seq >= beforeSeq) continue
          remove(seq)
          count++
        }
      }
      return count
    },
    restart() {
      followers.clear()
      writtenUntilMs = 0
      for (const cancel of armed.values()) cancel()
      armed.clear()
      for (const message of messages) if (message?.headers['Nats-Schedule'] !== undefined) arm(message)
    },
  }
}

function refusal(code: number, errCode: number, description: string): PubAck {
  return { stream: '', seq: 0, error: { code, err_code: errCode, description } }
}
