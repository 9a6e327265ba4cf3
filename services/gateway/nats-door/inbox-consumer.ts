import { AckPolicy, type Consumer, DeliverPolicy, JetStreamApiError } from '@nats-io/jetstream'
import type { Nats } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'

export const INBOX_CONSUMER = 'admission'
const CONSUMER_NOT_FOUND = 10014
const NANOS_PER_MS = 1_000_000
/** A message whose reader is silent for so long is handed out again. */
const ACK_WAIT_MS = 30_000
/** Read and not yet decided on, all readers together. */
const UNACKNOWLEDGED_MAX = 10_000

export interface OpenedConsumer {
  consumer: Consumer
  /** Up to here messages may have been read before, whatever the consumer still knows of it. */
  seenThroughSeq: number
}

/**
 * The consumer of INBOX that all gateways share; made when it is missing, never created over. What somebody had in hand who is
 * gone is handed out again at once, instead of after `ACK_WAIT_MS`: reading a message twice does no harm.
 */
export async function openInboxConsumer(nats: Nats): Promise<OpenedConsumer> {
  const { state } = await nats.ask(() => nats.jsm.streams.info(STREAM_NAMES.inbox))
  try {
    const { num_ack_pending } = await nats.ask(() => nats.jsm.consumers.info(STREAM_NAMES.inbox, INBOX_CONSUMER))
    if (num_ack_pending > 0) await nats.ask(() => nats.jsm.consumers.reset(STREAM_NAMES.inbox, INBOX_CONSUMER))
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === CONSUMER_NOT_FOUND)) throw error
    await nats.jsm.consumers.add(STREAM_NAMES.inbox, {
      durable_name: INBOX_CONSUMER,
      ack_policy: AckPolicy.Explicit,
      ack_wait: ACK_WAIT_MS * NANOS_PER_MS,
      max_deliver: -1,
      max_ack_pending: UNACKNOWLEDGED_MAX,
      deliver_policy: DeliverPolicy.All,
    })
  }
  return { consumer: await nats.js.consumers.get(STREAM_NAMES.inbox, INBOX_CONSUMER), seenThroughSeq: state.last_seq }
}

/** Takes away what is decided on. @returns how many messages are left. */
export async function purgeInbox(nats: Nats): Promise<number> {
  const {
    ack_floor: floor,
    num_pending,
    num_ack_pending,
  } = await nats.ask(() => nats.jsm.consumers.info(STREAM_NAMES.inbox, INBOX_CONSUMER))
  const { state } = await nats.ask(() => nats.jsm.streams.info(STREAM_NAMES.inbox))
  if (state.messages > 0 && floor.stream_seq >= state.first_seq)
    await nats.jsm.streams.purge(STREAM_NAMES.inbox, { seq: floor.stream_seq + 1 })
  return num_pending + num_ack_pending
}
