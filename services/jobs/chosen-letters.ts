import type { DeadLetter } from '#shared/domain/redrive.ts'
import type { DeadLetterSelection } from '#shared/facts/job.ts'
import { deadLetterConditions } from '#shared/readmodel/dead-letter-filter.ts'
import type { Orm } from '#shared/runtime/postgres.ts'

/** A dead letter and its place in the order in which they came about. */
export interface ChosenLetter extends DeadLetter {
  ledgerSeq: number
}

/** What a job asks of the read model: which dead letters are chosen. Whether they are still open LEDGER says. */
export interface ChosenLetters {
  /** The next ones after a place, in order; none: that was all. */
  page(
    applicationId: string,
    selection: DeadLetterSelection,
    after: { seq: number; deliveryId?: string },
    limit: number,
  ): Promise<ChosenLetter[]>
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000'

export function createChosenLetters(orm: Orm): ChosenLetters {
  return {
    async page(applicationId, { filter, deliveryIds, throughLedgerSeq }, after, limit) {
      const { sql, values } = deadLetterConditions(applicationId, filter)
      const ids = deliveryIds === undefined ? '' : 'AND d.delivery_id = ANY(?::uuid[])'
      const rows = await orm.em.getConnection().execute<Record<string, string | null>[]>(
        `SELECT d.delivery_id, d.event_id, d.subscription_id, d.ledger_seq, o.event_seq, o.replay_id
         FROM dead_letters d JOIN deliveries o ON o.delivery_id = d.delivery_id
         WHERE ${sql} AND d.resolution IS NULL AND d.ledger_seq <= ? AND (d.ledger_seq, d.delivery_id) > (?, ?::uuid) ${ids}
         ORDER BY d.ledger_seq, d.delivery_id LIMIT ${Math.floor(limit)}`,
        [
          ...values,
          throughLedgerSeq,
          after.seq,
          after.deliveryId ?? FIRST_ID,
          ...(deliveryIds === undefined ? [] : [`{${deliveryIds.join(',')}}`]),
        ],
      )
      return rows.map((row) => ({
        deliveryId: row['delivery_id']!,
        eventId: row['event_id']!,
        eventSeq: Number(row['event_seq']),
        subscriptionId: row['subscription_id']!,
        replayId: row['replay_id'] ?? null,
        ledgerSeq: Number(row['ledger_seq']),
      }))
    },
  }
}
