import { DeliverPolicy } from '@nats-io/jetstream'
import { timeOfUuidV7 } from '#shared/domain/ids.ts'
import { subjectToken } from '#shared/facts/subjects.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'

/** Before and behind the time that an id carries: it may have been made by another clock, or wait to be posted. */
const CLOCK_SLACK_MS = 5_000
const POSTED_WITHIN_MS = 120_000
const FETCH_MAX = 2_000
const FETCH_EXPIRES_MS = 1_000
const FETCHES_MAX = 20

/**
 * Where an event stands in EVENTS, without the read model: looked for around the time that its id carries.
 * @returns null when it is not found there, or the id carries no time.
 */
export async function findInStream(nats: Nats, applicationId: string, eventId: string): Promise<number | null> {
  const madeAtMs = timeOfUuidV7(eventId)
  if (madeAtMs === null) return null
  const consumer = await nats.js.consumers.get(STREAM_NAMES.events, {
    deliver_policy: DeliverPolicy.StartTime,
    opt_start_time: new Date(madeAtMs - CLOCK_SLACK_MS).toISOString(),
    filter_subjects: [`event.${subjectToken(applicationId)}.>`],
    headers_only: true,
    inactive_threshold: 10_000,
  })
  const wanted = `${applicationId}:${eventId}`
  for (let fetches = 0; fetches < FETCHES_MAX; fetches++) {
    if ((await consumer.info()).num_pending === 0) return null
    for await (const message of await consumer.fetch({ max_messages: FETCH_MAX, expires: FETCH_EXPIRES_MS })) {
      if (message.headers?.get('Nats-Msg-Id') === wanted) return message.seq
      if (message.time.getTime() > madeAtMs + POSTED_WITHIN_MS) return null
      if (message.info.pending === 0) break
    }
  }
  return null
}
