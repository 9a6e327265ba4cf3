import type { JsMsg } from '@nats-io/jetstream'
import { ProblemError } from '#shared/contract/problems.ts'
import type { EventPost } from '#shared/contract/schemas.ts'
import {
  applicationOfSubject,
  isCloudEventBatch,
  readBatchCloudEvent,
  readBatchEvent,
} from '#shared/domain/nats-event.ts'
import { parseJson } from '../json-body.ts'

/** As many as a batch that is posted may have. */
const EVENTS_MAX = 1_000

/**
 * The events of a message that holds many: the body of `POST /events/batch`, or a list of CloudEvents. What reads one of them
 * throws what its own message would be refused with; a message that is no batch is one event that can't be read.
 */
export function readInboxBatch({ subject, headers, data, time }: JsMsg): (() => EventPost)[] {
  const application = { applicationId: applicationOfSubject(subject), occurredAt: time.toISOString() }
  try {
    const isCloudEvents = isCloudEventBatch(headers?.get('Content-Type') || undefined)
    const read = isCloudEvents ? readBatchCloudEvent : readBatchEvent
    return eventsOf(parseJson(Buffer.from(data.buffer, data.byteOffset, data.length)), isCloudEvents).map(
      (event) => () => read(event, application),
    )
  } catch (error) {
    const refuse = () => {
      throw error
    }
    return [refuse]
  }
}

function eventsOf(body: unknown, isList: boolean): unknown[] {
  const events = isList ? body : (body as { events?: unknown } | null)?.events
  if (!Array.isArray(events))
    throw new ProblemError('JsonPayload', {
      detail: isList ? 'A batch of CloudEvents is a list.' : 'A batch is an object with a list of events.',
    })
  if (events.length < 1 || events.length > EVENTS_MAX)
    throw new ProblemError('JsonPayload', { detail: `A batch has 1 to ${EVENTS_MAX} events.` })
  return events
}
