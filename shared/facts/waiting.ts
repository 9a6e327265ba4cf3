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
  after?: { source: 'ledger' | 'waiting'; seq: number }
}

/** @throws {Error} when `text` is nothing that WAITING may hold. */
export function decodeRetryDue(text: string): RetryDue {
  const item = JSON.parse(text) as RetryDue
  if (item.v !== 1 || item.type !== 'retry')
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
