import { type Static, Type } from 'typebox'
import { Int32, nullable, Timestamp, UuidAnswer } from './primitives.ts'
import { EventAnswer, RequestAttempt } from './schemas.ts'

const TimelineDelivery = Type.Object(
  {
    delivery_id: UuidAnswer,
    status: Type.Enum(['pending', 'succeeded', 'dead_lettered', 'cancelled']),
    created_at: Timestamp,
    finished_at: nullable(Timestamp),
    next_attempt_at: nullable(Timestamp),
    replay_id: nullable(UuidAnswer),
    redrive_of: nullable(UuidAnswer),
    job_id: nullable(UuidAnswer),
    attempts: Type.Array(RequestAttempt),
  },
  { title: 'TimelineDelivery' },
)

export const TimelineAnswer = Type.Object(
  {
    event: EventAnswer,
    stream_seq: Int32,
    status: Type.Enum(['waiting', 'withdrawn', 'not_matched_yet', 'unmatched', 'matched']),
    is_kept: Type.Boolean({ description: 'Whether the event can still be sent again' }),
    subscriptions: Type.Array(
      Type.Object({
        subscription_id: UuidAnswer,
        description: nullable(Type.String()),
        is_matched: Type.Boolean(),
        why_not: nullable(
          Type.Object({
            code: Type.String({
              description:
                'created_later, deleted, disabled, event_type, label, filter, waiting, withdrawn, not_matched_yet, unknown',
            }),
            detail: Type.String(),
          }),
        ),
        deliveries: Type.Array(TimelineDelivery),
      }),
    ),
  },
  { title: 'Timeline' },
)
export type TimelineAnswer = Static<typeof TimelineAnswer>
