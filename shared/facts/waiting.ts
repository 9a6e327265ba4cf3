/** Where an attempt came from: a delivery fact, a schedule that fired, or what was parked. */
export type WorkSource = 'ledger' | 'waiting' | 'parked'

/**
 * An attempt that waits for its time. It stands in WAITING as a scheduled message and fires under `due.<lane>`.
 * The server does not deduplicate a firing, so it names its attempt.
 */
export interface RetryDue {
  v: 1
  type: 'retry'
  deliveryId: string
  attemptId: string
  attemptNumber: number
  eventId: string
  eventSeq: number
  eventType: string
  applicationId: string
  subscriptionId: string
  controlSeq: number
  createdAtMs: number
  dueAtMs: number
  /** The message by which the attempt before was handed out. Absent: that attempt was known to be recorded. */
  after?: { source: WorkSource; seq: number }
  /** Of an ordered delivery: what it is in order with. */
  orderKey?: string
  /** Of a replayed delivery: its requests say so. */
  replayId?: string
  /** Of a redriven one: the delivery that had ended, whose place in an order it takes. */
  redriveOf?: string
}

/** An attempt that is due and that its receiver can't take now. It stands in WAITING until it is recorded. */
export interface ParkedAttempt extends Omit<RetryDue, 'type' | 'dueAtMs'> {
  type: 'parked'
  dueAtMs: number | null
}

/** @throws {Error} when `text` is no attempt that WAITING may hold. */
export function decodeDueAttempt(text: string): RetryDue | ParkedAttempt {
  const item = JSON.parse(text) as RetryDue | ParkedAttempt
  if (item.v !== 1 || (item.type !== 'retry' && item.type !== 'parked'))
    throw new Error(`WAITING holds a message of the unknown kind ${String(item.type)}`)
  return item
}

/** Of a delivery that is in front of its order key: an attempt of it is recorded. */
export interface HeadNote {
  v: 1
  type: 'head'
  /** The attempt that comes next; null: none does. It is a dead letter, and those behind it wait until somebody lets it go. */
  next: { attemptNumber: number; dueAtMs: number } | null
}

/** @throws {Error} when `text` is no such note. */
export function decodeHeadNote(text: string): HeadNote {
  const item = JSON.parse(text) as HeadNote
  if (item.v !== 1 || item.type !== 'head')
    throw new Error(`WAITING holds a message of the unknown kind ${String(item.type)}`)
  return item
}

/** An event whose time to be matched has come. It fires under `due.postponed`. */
export interface PostponedDue {
  v: 1
  type: 'postponed'
  eventId: string
  eventSeq: number
  applicationId: string
  dueAtMs: number
}

/** @throws {Error} when `text` is no such message. */
export function decodePostponedDue(text: string): PostponedDue {
  const item = JSON.parse(text) as PostponedDue
  if (item.v !== 1 || item.type !== 'postponed')
    throw new Error(`WAITING holds a message of the unknown kind ${String(item.type)}`)
  return item
}
