import { type Static, Type } from 'typebox'
import { DeadLetterFilterPost } from './dead-letter-schemas.ts'
import { Int32, nullable, StorableText, TextMap, Timestamp, Uuid, UuidAnswer } from './primitives.ts'
import { PAGE_FIELDS } from './schemas.ts'

export const JOB_STATUSES = ['previewing', 'preview', 'running', 'paused', 'cancelled', 'done', 'failed'] as const
/** Dead letters that one request may name. */
export const DELIVERY_IDS_MAX = 500
export const RATE_MAX = 10_000

const Rate = Type.Optional(
  Type.Integer({ minimum: 1, maximum: RATE_MAX, description: 'Deliveries a second', examples: [100] }),
)
const Confirm = Type.Optional(Type.Boolean({ description: 'Whether to begin at once, without a look at the preview' }))

const CHOSEN = {
  application_id: Uuid,
  filter: Type.Optional(DeadLetterFilterPost),
  delivery_ids: Type.Optional(Type.Array(Uuid, { description: `Instead of a filter; up to ${DELIVERY_IDS_MAX}` })),
  confirm: Confirm,
}

export const RedrivePost = Type.Object({ ...CHOSEN, rate_per_second: Rate }, { title: 'RedrivePost' })
export type RedrivePost = Static<typeof RedrivePost>

export const DiscardPost = Type.Object(
  { ...CHOSEN, reason: Type.String({ examples: ['The receiver was a test'] }) },
  { title: 'DiscardPost' },
)
export type DiscardPost = Static<typeof DiscardPost>

export const ReplaysPost = Type.Object(
  {
    application_id: Uuid,
    received_from: Type.Optional(Timestamp),
    received_to: Type.Optional(Timestamp),
    from_seq: Type.Optional(Type.Integer({ minimum: 1, description: 'Place in the stream EVENTS' })),
    to_seq: Type.Optional(Type.Integer({ minimum: 1 })),
    event_types: Type.Optional(Type.Array(StorableText, { maxItems: 100, description: 'Names or patterns' })),
    labels: Type.Optional(TextMap),
    target: Type.Optional(
      Type.Enum(['subscriptions', 'nats'], {
        description: 'nats: the application reads the events itself, with a NATS client; see docs/nats.md',
      }),
    ),
    subscription_ids: Type.Optional(
      Type.Array(Uuid, { maxItems: 100, description: 'Only these; else all that match now' }),
    ),
    only_undelivered: Type.Optional(
      Type.Boolean({ description: 'Only where no delivery of the event to the subscription was ever made' }),
    ),
    rate_per_second: Rate,
    confirm: Confirm,
  },
  { title: 'ReplayPost' },
)
export type ReplaysPost = Static<typeof ReplaysPost>

export const JobControl = Type.Object({ application_id: Uuid, rate_per_second: Rate }, { title: 'JobControl' })

export const JobsQuery = Type.Object({ application_id: Uuid, ...PAGE_FIELDS })

const Preview = Type.Object({
  count: Int32,
  events: Type.Optional(Int32),
  subscriptions: Type.Array(Type.Object({ subscription_id: UuidAnswer, count: Int32 })),
  subscription_count: Int32,
  oldest_at: nullable(Timestamp),
  payload_bytes: Type.Integer({ description: 'Of dead letters: estimated from some of them' }),
})

const Progress = Type.Object({
  done: Int32,
  succeeded: nullable(Int32),
  failed_again: nullable(Int32),
  cancelled: nullable(Int32),
  under_way: nullable(Int32),
  refused: Type.Array(Type.Object({ reason: Type.String(), count: Int32 })),
  left: nullable(Int32),
  eta: nullable(Timestamp),
})

export const JobAnswer = Type.Object(
  {
    job_id: UuidAnswer,
    kind: Type.Enum(['redrive', 'discard', 'replay']),
    application_id: UuidAnswer,
    target: Type.Optional(Type.Enum(['nats'])),
    subject: Type.Optional(
      Type.String({
        description: 'Of a replay for a NATS client: where its events are to be heard',
        examples: ['out.01993f0c-2a3b-7c4d-8e5f-60718293a4b5.replay.01993f0c-2a3b-7c4d-8e5f-60718293a4b6'],
      }),
    ),
    status: Type.Enum([...JOB_STATUSES]),
    rate_per_second: Int32,
    reason: nullable(Type.String({ description: 'Of a discard' })),
    selection: Type.Unsafe<Record<string, unknown>>(Type.Object({}, { additionalProperties: true })),
    preview: nullable(Preview),
    progress: Progress,
    error: nullable(Type.String()),
    created_at: Timestamp,
    created_by: Type.Object({ kind: Type.String(), id: Type.String() }),
    confirmed_at: nullable(Timestamp),
    ended_at: nullable(Timestamp),
  },
  { title: 'Job' },
)
export type JobAnswer = Static<typeof JobAnswer>
