import type { DeliveryStatus } from '#shared/readmodel/delivery.entity.ts'
import type { Orm } from '#shared/runtime/postgres.ts'

export interface DeliveryRecord {
  delivery_id: string
  event_id: string
  subscription_id: string
  status: DeliveryStatus
}

const SELECT = 'SELECT delivery_id, event_id, subscription_id, status FROM deliveries'

export async function findDelivery(
  orm: Orm,
  applicationId: string,
  deliveryId: string,
): Promise<DeliveryRecord | null> {
  const [row] = await orm.em
    .getConnection()
    .execute<DeliveryRecord[]>(`${SELECT} WHERE delivery_id = ? AND application_id = ?`, [deliveryId, applicationId])
  return row ?? null
}

/** What an event still has open. */
export function listOpenDeliveries(orm: Orm, applicationId: string, eventId: string): Promise<DeliveryRecord[]> {
  return orm.em
    .getConnection()
    .execute<DeliveryRecord[]>(`${SELECT} WHERE event_id = ? AND application_id = ? AND status = 'pending'`, [
      eventId,
      applicationId,
    ])
}

/** Those of `deliveryIds` that are dead letters. */
export function listDeadAmong(orm: Orm, deliveryIds: readonly string[]): Promise<DeliveryRecord[]> {
  if (deliveryIds.length === 0) return Promise.resolve([])
  return orm.em
    .getConnection()
    .execute<DeliveryRecord[]>(`${SELECT} WHERE delivery_id = ANY(?::uuid[]) AND status = 'dead-lettered'`, [
      `{${deliveryIds.join(',')}}`,
    ])
}
