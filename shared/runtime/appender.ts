/** A message to be appended to a stream. */
export interface AppendMessage {
  subject: string
  body: Uint8Array | string
  /** `Nats-Msg-Id`: a second append with the same id within the stream's window adds nothing. */
  msgId?: string
  /** It was sent before without a clear answer: what looks like a duplicate may be that very message. */
  mayBeStored?: boolean
  /** Append only if the subject's last message has this sequence (0: the subject has none). */
  expectLastSubjectSeq?: number
  /** Further headers; names and values must be plain ASCII without line breaks. */
  headers?: Record<string, string>
}

export interface Appended {
  /** Where it stands in the stream; of a duplicate: where the first one stands. */
  seq: number
  /** Somebody else's append had the same `msgId`: nothing was added. A repetition of our own is not a duplicate. */
  isDuplicate: boolean
}

/** Another append was first: `expectLastSubjectSeq` does not hold. Nothing was added. */
export class AppendConflictError extends Error {
  override name = 'AppendConflictError'
}

/** Too much is waiting to be appended, and waiting longer didn't help. Nothing was added. */
export class AppenderBusyError extends Error {
  override name = 'AppenderBusyError'
}

/** No answer in time: the message may be in the stream or not, or may get there later. */
export class AppendUnknownError extends Error {
  override name = 'AppendUnknownError'
}

/** The server refused it (stream full, too large, …). Nothing was added. */
export class AppendRefusedError extends Error {
  override name = 'AppendRefusedError'
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** JetStream's codes for a store without room: of the account, of the server, of its disk. */
const STORE_FULL_CODES = new Set([10002, 10023, 10047])

/** Whether the server has refused with this code because its store is full. Nothing was added. */
export function isStoreFull(code: number): boolean {
  return STORE_FULL_CODES.has(code)
}

/** One of a group has an id that the stream knows; which one, appending them one by one shows. */
export class AppendDuplicateError extends Error {
  override name = 'AppendDuplicateError'
}

/** Appends to one stream, many callers at once, few fsyncs. */
export interface Appender {
  /** Resolves when the message is on the server's disk. */
  append(message: AppendMessage): Promise<Appended>
  /**
   * All or none, in this order, without anything between them; ≤ 1,000 messages. @returns the last one's place.
   * @param options What is urgent waits for no larger batch: a few, which somebody waits for, among many that have time.
   * @throws {AppendDuplicateError} when the `msgId` of one of them is known: nothing was added, or all by this very call.
   */
  appendGroup(messages: readonly AppendMessage[], options?: { isUrgent?: boolean }): Promise<Appended>
  /** The highest sequence that an append of this process was answered with, 0 before the first. */
  readonly lastSeq: number
  /** The server's last answer was that its store is full. */
  readonly isRefusedAsFull: boolean
  /** Resolves when nothing is waiting or under way any more. */
  drain(): Promise<void>
  /** Stops at once: whatever has not been answered is rejected as unknown. */
  close(): void
}
