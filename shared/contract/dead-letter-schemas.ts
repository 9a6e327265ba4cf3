import { type Static, Type } from 'typebox'
import { Int32, nullable, StorableText, TextMap, Timestamp, Uuid, UuidAnswer } from './primitives.ts'
import { PAGE_FIELDS, RequestAttempt, ResponseAnswer } from './schemas.ts'

/** Why a delivery was given up. */
export const DEAD_LETTER_CAUSES = [
  'permanent',
  'retries_spent',
  'refused_address',
  'invalid_header',
  'event_expired',
  'cancelled',
] as const
export const DEAD_LETTER_STATUSES = ['open', 'redriven', 'discarded', 'all'] as const

const list = (description: string) => Type.Optional(Type.String({ pattern: '^[^\\u0000]*$', description }))

const FILTER_QUERY = {
  application_id: Uuid,
  subscription_id: Type.Optional(Uuid),
  event_id: Type.Optional(Uuid),
  event_types: list('Names, comma separated'),
  cause: list(`Comma separated: ${DEAD_LETTER_CAUSES.join(', ')}`),
  status_code: list('Of the last answer; comma separated'),
  error: list('As the groups name it'),
  label: Type.Optional(Type.Union([StorableText, Type.Array(StorableText)], { description: 'key:value' })),
  min_dead_at: Type.Optional(Type.String()),
  max_dead_at: Type.Optional(Type.String()),
  status: Type.Optional(Type.Enum([...DEAD_LETTER_STATUSES], { description: 'Default: open' })),
}

export const DeadLettersQuery = Type.Object({ ...FILTER_QUERY, ...PAGE_FIELDS })
export type DeadLettersQuery = Static<typeof DeadLettersQuery>

const Actor = Type.Object({ kind: Type.String(), id: Type.String() })

const Resolution = Type.Object({
  type: Type.Enum(['redriven', 'discarded']),
  at: Timestamp,
  by: Actor,
  job_id: UuidAnswer,
  reason: nullable(Type.String({ description: 'Of a discard' })),
  redriven_as: nullable(UuidAnswer),
})

export const DeadLetterAnswer = Type.Object(
  {
    delivery_id: UuidAnswer,
    application_id: UuidAnswer,
    event: Type.Object({ event_id: UuidAnswer, event_type_name: Type.String() }),
    subscription: Type.Object({ subscription_id: UuidAnswer, description: nullable(Type.String()) }),
    cause: Type.Enum([...DEAD_LETTER_CAUSES]),
    status_code: nullable(Int32),
    error_name: nullable(Type.String()),
    error_message: nullable(Type.String()),
    attempt_count: Int32,
    last_attempt_id: nullable(UuidAnswer),
    response_id: nullable(UuidAnswer),
    dead_at: Timestamp,
    expires_at: nullable(Timestamp),
    redrive_of: nullable(UuidAnswer),
    replay_id: nullable(UuidAnswer),
    resolution: nullable(Resolution),
  },
  { title: 'DeadLetter' },
)
export type DeadLetterAnswer = Static<typeof DeadLetterAnswer>

export const DeadLetterDetail = Type.Object(
  {
    ...DeadLetterAnswer.properties,
    last_response: nullable(ResponseAnswer),
    attempts: Type.Array(RequestAttempt, {
      description: 'Of this delivery and of those that it sends again, the oldest first',
    }),
    series: Type.Array(UuidAnswer, { description: 'Deliveries of which each sends the one before again' }),
  },
  { title: 'DeadLetterDetail' },
)
export type DeadLetterDetail = Static<typeof DeadLetterDetail>

export const DeadLetterGroup = Type.Object(
  {
    subscription: Type.Object({ subscription_id: UuidAnswer, description: nullable(Type.String()) }),
    cause: Type.Enum([...DEAD_LETTER_CAUSES]),
    status_code: nullable(Int32),
    error_name: nullable(Type.String()),
    error: nullable(Type.String({ description: 'The message, with # for numbers and ids' })),
    count: Int32,
    first_dead_at: Timestamp,
    last_dead_at: Timestamp,
    sample: Type.Object({ delivery_id: UuidAnswer, event_id: UuidAnswer, error_message: nullable(Type.String()) }),
    trend: Type.Array(Int32, { description: 'How many in each of the last 24 hours, the present one last' }),
  },
  { title: 'DeadLetterGroup' },
)
export type DeadLetterGroup = Static<typeof DeadLetterGroup>

export const DeadLetterFilterPost = Type.Object(
  {
    subscription_ids: Type.Optional(Type.Array(Uuid, { maxItems: 100 })),
    event_types: Type.Optional(Type.Array(StorableText, { maxItems: 100 })),
    event_id: Type.Optional(Uuid),
    causes: Type.Optional(Type.Array(Type.Enum([...DEAD_LETTER_CAUSES]))),
    status_codes: Type.Optional(Type.Array(Type.Integer({ minimum: 100, maximum: 999 }), { maxItems: 100 })),
    error: Type.Optional(StorableText),
    labels: Type.Optional(TextMap),
    min_dead_at: Type.Optional(Timestamp),
    max_dead_at: Type.Optional(Timestamp),
  },
  {
    title: 'DeadLetterFilter',
    additionalProperties: false,
    description: 'Open dead letters that satisfy all of it; empty: all of the application',
  },
)
export type DeadLetterFilterPost = Static<typeof DeadLetterFilterPost>
