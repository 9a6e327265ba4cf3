import { type Static, Type } from 'typebox'
import { Int32, nullable, StorableText, Timestamp, Uuid, UuidAnswer } from './primitives.ts'
import { PAGE_FIELDS } from './schemas.ts'

export const RejectionsQuery = Type.Object({
  application_id: Uuid,
  event_id: Type.Optional(Uuid),
  event_types: Type.Optional(StorableText),
  problem_id: Type.Optional(StorableText),
  min_rejected_at: Type.Optional(Type.String()),
  max_rejected_at: Type.Optional(Type.String()),
  ...PAGE_FIELDS,
})
export type RejectionsQuery = Static<typeof RejectionsQuery>

/** An event that was published over NATS and refused. */
export const RejectionAnswer = Type.Object(
  {
    rejection_id: UuidAnswer,
    application_id: UuidAnswer,
    event_id: nullable(UuidAnswer),
    event_type_name: nullable(Type.String({ description: 'As the subject names it' })),
    problem: Type.Object({
      id: Type.String({ examples: ['EventTypeDoesNotExist'] }),
      status: Int32,
      detail: Type.String(),
    }),
    published_at: Timestamp,
    rejected_at: Timestamp,
  },
  { title: 'Rejection' },
)
export type RejectionAnswer = Static<typeof RejectionAnswer>
