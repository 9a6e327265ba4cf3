import type pg from 'pg'

/** Whose rows they are. */
export interface FillOptions {
  applicationId: string
  subscriptionId: string
  eventType: string
}

/** Rows of one statement. */
const STEP = 500_000
/** Attempts of one event. */
const ATTEMPTS_EACH = 10
/** Of so many attempts one ended as a dead letter. */
const DEAD_EACH = 100

/**
 * Makes attempts number `from` to `to` (not included) of an application, one a second into the past, with their deliveries,
 * responses and events, and dead letters for one in a hundred. Made by Postgres itself: millions take minutes.
 */
export async function fillRows(
  client: pg.Client,
  options: FillOptions,
  { from, to, onProgress = () => {} }: { from: number; to: number; onProgress?: (rows: number) => void },
): Promise<void> {
  await client.query('SET synchronous_commit = off')
  for (let at = from; at < to; at += STEP) {
    const until = Math.min(to, at + STEP)
    for (const statement of STATEMENTS) await client.query(statement, valuesOf(options, at, until))
    onProgress(until)
  }
  for (const table of ['events', 'deliveries', 'attempts', 'responses', 'dead_letters'])
    await client.query(`ANALYZE ${table}`)
}

const valuesOf = ({ applicationId, subscriptionId, eventType }: FillOptions, from: number, to: number) => [
  applicationId,
  subscriptionId,
  eventType,
  from,
  to - 1,
]

const id = (kind: string, number = 'i') => `md5('${kind}' || $1::text || (${number})::text)::uuid`
const OF = '$1::text, $2::uuid, $3::text'
const AT = `now() - i * interval '1 second'`
const IS_DEAD = `i % ${DEAD_EACH} = 0`

/** Each names all five values, so that their types are known. */
const STATEMENTS = [
  `INSERT INTO events (event_id, seq, application_id, event_type, payload_content_type, labels, metadata, ip, occurred_at, received_at)
   SELECT ${id('event')}, i, $1::text, $3::text, 'application/json', '{"all":"yes"}', '{}', '127.0.0.1', ${AT}, ${AT}
   FROM (SELECT ${OF}, i FROM generate_series($4::bigint / ${ATTEMPTS_EACH}, $5::bigint / ${ATTEMPTS_EACH}) i) made ON CONFLICT DO NOTHING`,
  `INSERT INTO deliveries (delivery_id, event_id, application_id, subscription_id, control_seq, status, created_at, finished_at, event_seq)
   SELECT ${id('delivery')}, ${id('event', `i / ${ATTEMPTS_EACH}`)}, $1::text, $2::uuid, 1,
          CASE WHEN ${IS_DEAD} THEN 'dead-lettered' ELSE 'succeeded' END, ${AT}, ${AT}, i / ${ATTEMPTS_EACH}
   FROM (SELECT ${OF}, i FROM generate_series($4::bigint, $5::bigint) i) made`,
  `INSERT INTO attempts (attempt_id, delivery_id, event_id, event_type, application_id, subscription_id, attempt_number, created_at,
                         picked_at, succeeded_at, failed_at, outcome, status_code, duration_ms, response_id)
   SELECT ${id('attempt')}, ${id('delivery')}, ${id('event', `i / ${ATTEMPTS_EACH}`)}, $3::text, $1::text, $2::uuid, 1, ${AT}, ${AT},
          CASE WHEN ${IS_DEAD} THEN NULL ELSE ${AT} END, CASE WHEN ${IS_DEAD} THEN ${AT} END,
          CASE WHEN ${IS_DEAD} THEN 'failed' ELSE 'success' END, CASE WHEN ${IS_DEAD} THEN 404 ELSE 200 END, 3, ${id('attempt')}
   FROM (SELECT ${OF}, i FROM generate_series($4::bigint, $5::bigint) i) made`,
  `INSERT INTO responses (response_id, application_id, error_name, http_code, headers, body, is_body_cut, elapsed_ms)
   SELECT ${id('attempt')}, $1::text, CASE WHEN ${IS_DEAD} THEN 'E_HTTP' END, CASE WHEN ${IS_DEAD} THEN 404 ELSE 200 END,
          '{"content-length":"2"}', '\\x6f6b', false, 3
   FROM (SELECT ${OF}, i FROM generate_series($4::bigint, $5::bigint) i) made`,
  `INSERT INTO dead_letters (delivery_id, event_id, event_type, application_id, subscription_id, reason, status_code, error_name,
                             attempt_count, last_attempt_id, dead_at, ledger_seq)
   SELECT ${id('delivery')}, ${id('event', `i / ${ATTEMPTS_EACH}`)}, $3::text, $1::text, $2::uuid, 'refused', 404, 'E_HTTP', 1,
          ${id('attempt')}, ${AT}, i
   FROM (SELECT ${OF}, i FROM generate_series($4::bigint, $5::bigint) i) made WHERE ${IS_DEAD}`,
]
