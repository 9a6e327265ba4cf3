import type { EventAnswer } from '#shared/contract/schemas.ts'
import type { Orm } from '#shared/runtime/postgres.ts'

type DeliveryCounts = NonNullable<EventAnswer['deliveries']>

export const NO_DELIVERIES: DeliveryCounts = { pending: 0, succeeded: 0, dead_lettered: 0, cancelled: 0 }

/** How the deliveries of these events stand; an event without any is absent. */
export async function countDeliveries(orm: Orm, eventIds: readonly string[]): Promise<Map<string, DeliveryCounts>> {
  if (eventIds.length === 0) return new Map()
  const rows = await orm.em.getConnection().execute<{ event_id: string; status: string; amount: string }[]>(
    `SELECT a.event_id, d.status, count(DISTINCT d.delivery_id) AS amount
     FROM attempts a JOIN deliveries d ON d.delivery_id = a.delivery_id
     WHERE a.event_id IN (${eventIds.map(() => '?').join(', ')}) GROUP BY a.event_id, d.status`,
    [...eventIds],
  )
  const counts = new Map<string, DeliveryCounts>()
  for (const { event_id, status, amount } of rows) {
    const before = counts.get(event_id) ?? NO_DELIVERIES
    counts.set(event_id, { ...before, [status.replace('-', '_')]: Number(amount) })
  }
  return counts
}
