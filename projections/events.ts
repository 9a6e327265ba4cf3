import type { ClientBase } from 'pg'
import { decodeEvent, type EventAccepted } from '#shared/facts/event.ts'
import { minuteSql } from '#shared/readmodel/figures-sql.ts'
import type { Placed, Projection } from './projection.ts'

const INSERT_EVENTS = `
  INSERT INTO events (event_id, seq, application_id, event_type, payload_content_type, labels, metadata, ip, occurred_at, received_at)
  SELECT event_id, seq, application_id, event_type, payload_content_type, labels::jsonb, metadata::jsonb, ip,
         occurred_at::timestamptz, to_timestamp(received_at_ms / 1000.0)
  FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::float8[])
    AS t (event_id, seq, application_id, event_type, payload_content_type, labels, metadata, ip, occurred_at, received_at_ms)
  ON CONFLICT (event_id) DO NOTHING`

const COUNT_EVENTS = `
  WITH accepted AS (
    SELECT application_id, to_timestamp(received_at_ms / 1000.0) AS at
    FROM unnest($1::text[], $2::float8[]) AS t (application_id, received_at_ms)
  ), days AS (
    INSERT INTO event_counts (application_id, day, amount)
    SELECT application_id, (at AT TIME ZONE 'UTC')::date, count(*) FROM accepted GROUP BY 1, 2
    ON CONFLICT (application_id, day) DO UPDATE SET amount = event_counts.amount + excluded.amount
  )
  INSERT INTO event_figures (application_id, at, amount)
  SELECT application_id, ${minuteSql('at')}, count(*) FROM accepted GROUP BY 1, 2
  ON CONFLICT (application_id, at) DO UPDATE SET amount = event_figures.amount + excluded.amount`

type EventRows = readonly Placed<EventAccepted>[]

/** EVENTS → `events`: one row an event, without its payload; `event_counts`, `event_figures`. */
export const eventsProjection: Projection<EventAccepted, null, EventRows> = {
  name: 'events',
  version: 2,
  stream: 'EVENTS',
  mayHaveGaps: false,
  decode: (message) => decodeEvent(message.data).event,
  loadState: async () => null,
  fold: (state, facts) => ({ rows: facts, state }),
  write: insertEvents,
  matchedEventSeq: () => 0,
}

async function insertEvents(client: ClientBase, rows: EventRows): Promise<void> {
  const of = <T>(value: (event: EventAccepted) => T) => rows.map(({ fact }) => value(fact))
  await client.query({
    name: 'insert-events',
    text: INSERT_EVENTS,
    values: [
      of((event) => event.eventId),
      rows.map(({ seq }) => seq),
      of((event) => event.applicationId),
      of((event) => event.eventType),
      of((event) => event.payloadContentType),
      of((event) => textForPostgres(JSON.stringify(event.labels))),
      of((event) => textForPostgres(JSON.stringify(event.metadata))),
      of((event) => event.ip),
      of((event) => event.occurredAt),
      of((event) => event.receivedAtMs),
    ],
  })
  await client.query({
    name: 'count-events',
    text: COUNT_EVENTS,
    values: [of((event) => event.applicationId), of((event) => event.receivedAtMs)],
  })
}

/** Postgres' jsonb can't hold U+0000; in the read model it is shown as U+FFFD. The stream keeps it as it came. */
function textForPostgres(json: string): string {
  return json.includes('\\u0000') ? json.replaceAll('\\u0000', '\\ufffd') : json
}
