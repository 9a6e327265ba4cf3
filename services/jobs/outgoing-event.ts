import { headers, type MsgHdrs } from '@nats-io/transport-node'
import type { Handed } from '#shared/domain/hand-over.ts'
import type { MatchableEvent } from '#shared/domain/match.ts'
import type { JobState } from '#shared/facts/job.ts'
import { REPLAY_SUBJECTS, subjectToken } from '#shared/facts/subjects.ts'

/** An event of a replay as a NATS client gets it, with the subject that it answers with. */
export interface OutgoingEvent extends Handed {
  data: Uint8Array
  headers: MsgHdrs
  replyTo: string
}

/** What the bytes are that were posted in base64. */
const BYTES_TYPE = 'application/octet-stream'

/** With the headers that an event is published with. */
export function outgoingEvent({ event, payload }: MatchableEvent, job: JobState, eventSeq: number): OutgoingEvent {
  const made = headers()
  made.set('Jethook-Event-Id', event.eventId)
  made.set('Jethook-Event-Type', event.eventType.split('.').map(subjectToken).join('.'))
  made.set('Content-Type', event.payloadContentType.startsWith(BYTES_TYPE) ? BYTES_TYPE : event.payloadContentType)
  made.set('Jethook-Labels', JSON.stringify(event.labels))
  made.set('Jethook-Metadata', JSON.stringify(event.metadata))
  made.set('Jethook-Occurred-At', event.occurredAt)
  made.set('Jethook-Received-At', new Date(event.receivedAtMs).toISOString())
  made.set('Jethook-Replay', job.jobId)
  const replyTo = REPLAY_SUBJECTS.taken(job.applicationId, job.jobId, eventSeq)
  return { eventSeq, bytes: payload.length + Buffer.byteLength(made.toString()), data: payload, headers: made, replyTo }
}

/** The end of a replay: no event, and nothing to answer. */
export function endHeaders({ jobId }: JobState, takenCount: number): MsgHdrs {
  const made = headers()
  made.set('Jethook-Replay', jobId)
  made.set('Jethook-Replay-End', String(takenCount))
  return made
}
