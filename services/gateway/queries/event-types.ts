import type { EventTypeAnswer } from '#shared/contract/schemas.ts'
import { EventTypeRow } from '#shared/readmodel/event-type.entity.ts'
import type { Orm } from '#shared/runtime/postgres.ts'

const answerOf = (row: { name: string; service: string; resourceType: string; verb: string }): EventTypeAnswer => ({
  service_name: row.service,
  resource_type_name: row.resourceType,
  verb_name: row.verb,
  event_type_name: row.name,
})

/** The active event types of an application, by name. */
export async function listEventTypes(orm: Orm, applicationId: string): Promise<EventTypeAnswer[]> {
  const rows = await orm.em
    .fork()
    .find(EventTypeRow, { applicationId, deactivatedAt: null }, { orderBy: { name: 'asc' } })
  return rows.map(answerOf)
}

export async function findEventType(orm: Orm, applicationId: string, name: string): Promise<EventTypeAnswer | null> {
  const row = await orm.em.fork().findOne(EventTypeRow, { applicationId, name, deactivatedAt: null })
  return row === null ? null : answerOf(row)
}
