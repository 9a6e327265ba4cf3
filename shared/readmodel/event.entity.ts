import { defineEntity, p } from '@mikro-orm/core'

/** An accepted event, without its payload: that stays in EVENTS, where `seq` says. */
export const EventRow = defineEntity({
  name: 'EventRow',
  tableName: 'events',
  properties: {
    eventId: p.uuid().primary(),
    seq: p.bigint('number'),
    applicationId: p.text(),
    eventType: p.text(),
    payloadContentType: p.text(),
    labels: p.json<Record<string, string>>(),
    metadata: p.json<Record<string, string>>(),
    ip: p.text(),
    occurredAt: p.datetime(6),
    receivedAt: p.datetime(6),
  },
})
