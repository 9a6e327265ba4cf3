import { type Static, Type } from 'typebox'
import { nullable, StorableText, Timestamp, Uuid, UuidAnswer } from './primitives.ts'

export const LIVE_KINDS = ['accepted', 'attempted', 'dead'] as const
export type LiveKind = (typeof LIVE_KINDS)[number]

export const LiveQuery = Type.Object({
  application_id: Uuid,
  event_type: Type.Optional(StorableText),
  subscription_id: Type.Optional(Uuid),
  kinds: Type.Optional(
    Type.String({
      description: 'Of accepted, attempted, dead; comma separated. Default: all',
      examples: ['attempted,dead'],
    }),
  ),
})

/** The `data` of a server-sent event; which fields are there follows from its kind. */
export const LiveRow = Type.Object(
  {
    at: Timestamp,
    event_id: UuidAnswer,
    event_type: Type.String(),
    delivery_id: Type.Optional(UuidAnswer),
    subscription_id: Type.Optional(UuidAnswer),
    attempt_number: Type.Optional(Type.Integer({ minimum: 1 })),
    outcome: Type.Optional(Type.Enum(['success', 'failed', 'timeout'])),
    status_code: Type.Optional(nullable(Type.Integer())),
    duration_ms: Type.Optional(Type.Integer({ minimum: 0 })),
    error: Type.Optional(nullable(Type.String())),
    cause: Type.Optional(Type.String({ description: 'Why it was given up' })),
  },
  { title: 'LiveRow' },
)
export type LiveRow = Static<typeof LiveRow>
