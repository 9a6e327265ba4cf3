import type { JsMsg } from '@nats-io/jetstream'
import type { ClientBase } from 'pg'
import type { StreamName } from '#shared/runtime/streams.ts'
import { auditProjection } from '../audit.ts'
import { decodePlaced } from '../checked-facts.ts'
import { controlProjection } from '../control.ts'
import { eventsProjection } from '../events.ts'
import { ledgerProjection } from '../ledger.ts'
import type { Projection } from '../projection.ts'

/** A projection as a rebuild needs it, whatever its facts are. */
export interface FoldedProjection {
  name: string
  version: number
  stream: StreamName
  mayHaveGaps: boolean
  /** Messages of one transaction at the most. */
  batchMax: number
  /**
   * Goes on from what the tables hold. What it gives writes one batch after the other, and tells through which EVENTS sequence
   * they say that matching is done.
   * @throws {ProjectionHaltedError} naming a message that can't be read.
   */
  begin(client: ClientBase): Promise<(messages: readonly JsMsg[]) => Promise<number>>
}

/** Tables that are rebuilt and swapped together, since the same projections write them. */
export interface Part {
  name: string
  tables: readonly string[]
  projections: readonly FoldedProjection[]
}

/** Large batches: most deliveries then begin and end in one, and are one row written once. */
const LEDGER_BATCH_MAX = 5_000
/** Events come with their payloads. */
const BATCH_MAX = 2_000

export const PARTS: readonly Part[] = [
  {
    name: 'events',
    tables: ['events', 'event_counts', 'event_figures'],
    projections: [folded(eventsProjection, BATCH_MAX)],
  },
  {
    name: 'ledger',
    tables: [
      'deliveries',
      'attempts',
      'responses',
      'dead_letters',
      'postponed_events',
      'cancellations',
      'rejections',
      'attempt_figures',
      'subscription_figures',
    ],
    projections: [folded(ledgerProjection, LEDGER_BATCH_MAX)],
  },
  {
    name: 'control',
    tables: ['subscriptions', 'audit_log'],
    projections: [folded(controlProjection, BATCH_MAX), folded(auditProjection, BATCH_MAX)],
  },
]

/**
 * @param name Of a projection; left out: all.
 * @throws {Error} when there is none of that name.
 */
export function partsOf(name: string | undefined): readonly Part[] {
  if (name === undefined) return PARTS
  const found = PARTS.filter(({ projections }) => projections.some((each) => each.name === name))
  if (found.length === 0) {
    const names = PARTS.flatMap(({ projections }) => projections.map((each) => each.name))
    throw new Error(`There is no projection '${name}'. Projections: ${names.join(', ')}.`)
  }
  return found
}

export function folded<Fact, State, Rows>(
  projection: Projection<Fact, State, Rows>,
  batchMax: number,
): FoldedProjection {
  const { name, version, stream, mayHaveGaps } = projection
  return {
    name,
    version,
    stream,
    mayHaveGaps,
    batchMax,
    async begin(client) {
      let state: State = await projection.loadState(client)
      return async (messages) => {
        const batch = projection.fold(
          state,
          messages.map((message) => decodePlaced(projection, message)),
        )
        await projection.write(client, batch.rows)
        state = batch.state
        return projection.matchedEventSeq(batch.rows)
      }
    },
  }
}
