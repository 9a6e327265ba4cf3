import { type Static, Type } from 'typebox'
import { nullable, Timestamp } from './primitives.ts'

const Count = Type.Integer({ minimum: 0 })
export const SystemLight = Type.Enum(['ok', 'warn', 'bad'])

const Part = Type.Object(
  {
    name: Type.String({ examples: ['matcher'] }),
    status: SystemLight,
    says: nullable(Type.String({ description: 'What is wrong; null when nothing is' })),
    remedy: nullable(Type.String({ description: 'What to do about it' })),
  },
  { title: 'SystemPart' },
)

const Stream = Type.Object(
  {
    name: Type.String({ examples: ['LEDGER'] }),
    messages: Count,
    bytes: Count,
    max_bytes: nullable(Count),
    first_at: nullable(Timestamp),
    last_at: nullable(Timestamp),
    status: SystemLight,
    remedy: nullable(Type.String()),
  },
  { title: 'SystemStream' },
)

const Consumer = Type.Object(
  {
    stream: Type.String(),
    name: Type.String({ examples: ['lane-3'] }),
    pending: Type.Integer({ minimum: 0, description: 'Messages that it has not been given yet' }),
    ack_pending: Type.Integer({ minimum: 0, description: 'Messages that it works on' }),
  },
  { title: 'SystemConsumer' },
)

const Projection = Type.Object(
  {
    name: Type.String({ examples: ['ledger'] }),
    stream: Type.String(),
    checkpoint: nullable(Count),
    lag: nullable(Type.Integer({ minimum: 0, description: 'Messages of its stream that it has not folded yet' })),
    status: SystemLight,
    remedy: nullable(Type.String()),
    rebuild: nullable(
      Type.Object({ state: Type.Enum(['running', 'stopped']), done: Count, total: Count }, { title: 'SystemRebuild' }),
    ),
  },
  { title: 'SystemProjection' },
)

const Lane = Type.Object(
  {
    lane: Count,
    owner: nullable(Type.String({ description: 'The process that serves it; null: nobody' })),
    waiting: nullable(Type.Integer({ minimum: 0, description: 'Deliveries that are due and not under way yet' })),
    status: SystemLight,
  },
  { title: 'SystemLane' },
)

/** The state of the installation, as this gateway sees it. Nothing in it is secret. */
export const SystemAnswer = Type.Object(
  {
    version: Type.String(),
    node_version: Type.String(),
    started_at: Timestamp,
    status: SystemLight,
    parts: Type.Array(Part, { description: 'Of this process' }),
    streams: Type.Array(Stream),
    consumers: Type.Array(Consumer),
    projections: Type.Array(Projection),
    lanes: Type.Array(Lane),
    reconciler: nullable(
      Type.Object(
        {
          status: SystemLight,
          brought_back: Type.Integer({
            minimum: 0,
            description: 'Deliveries that nobody held and that were handed in again, since the start',
          }),
        },
        { title: 'SystemReconciler' },
      ),
    ),
    disk: nullable(
      Type.Object(
        {
          path: Type.String(),
          free_bytes: Count,
          total_bytes: Count,
          status: SystemLight,
          remedy: nullable(Type.String()),
        },
        { title: 'SystemDisk' },
      ),
    ),
  },
  { title: 'System' },
)
export type SystemAnswer = Static<typeof SystemAnswer>
export type SystemLight = Static<typeof SystemLight>
