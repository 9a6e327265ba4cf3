import type pg from 'pg'
import type { Nats } from '#shared/runtime/nats.ts'
import { readStored, readStreamState, type StreamName } from '#shared/runtime/streams.ts'
import type { Part } from './parts.ts'
import { quoted, SHADOW } from './schemas.ts'

export interface RetainOptions {
  client: pg.Client
  nats: Nats
  live: string
}

/**
 * Takes over from the live rows what the streams can't tell any more: nothing that can still be looked at is lost by a rebuild.
 * What they tell only in part is taken whole.
 */
export async function keepForgotten(options: RetainOptions, part: Part): Promise<void> {
  switch (part.name) {
    case 'events':
      return keepEvents(options)
    case 'ledger':
      return keepDeliveries(options)
    case 'control':
      return keepControl(options)
  }
}

async function keepEvents({ client, nats, live }: RetainOptions): Promise<void> {
  const { firstSeq } = await readStreamState(nats, 'EVENTS')
  if (firstSeq <= 1) return
  const from = quoted(live)
  await client.query(
    `INSERT INTO ${SHADOW}.events SELECT * FROM ${from}.events WHERE seq < $1 ON CONFLICT (event_id) DO NOTHING`,
    [firstSeq],
  )
  const since = await firstTime(nats, 'EVENTS')
  await client.query(
    `INSERT INTO ${SHADOW}.event_counts SELECT * FROM ${from}.event_counts WHERE day <= ($1::timestamptz AT TIME ZONE 'UTC')::date
     ON CONFLICT (application_id, day) DO UPDATE SET amount = greatest(event_counts.amount, excluded.amount)`,
    [since],
  )
  await client.query(
    `INSERT INTO ${SHADOW}.event_figures SELECT * FROM ${from}.event_figures WHERE at <= $1
     ON CONFLICT (application_id, at) DO UPDATE SET amount = greatest(event_figures.amount, excluded.amount)`,
    [since],
  )
}

async function keepDeliveries({ client, nats, live }: RetainOptions): Promise<void> {
  const { firstSeq } = await readStreamState(nats, 'LEDGER')
  if (firstSeq <= 1) return
  const from = quoted(live)
  const since = await firstTime(nats, 'LEDGER')
  await client.query('CREATE TEMP TABLE kept_deliveries (delivery_id uuid PRIMARY KEY) ON COMMIT DROP')
  await client.query(
    `INSERT INTO pg_temp.kept_deliveries SELECT delivery_id FROM ${from}.deliveries d WHERE d.created_at <= $1
     AND NOT EXISTS (SELECT FROM ${SHADOW}.deliveries s WHERE s.delivery_id = d.delivery_id)`,
    [since],
  )
  const isKept = 'delivery_id IN (SELECT delivery_id FROM pg_temp.kept_deliveries)'
  const isUnknown = `delivery_id NOT IN (SELECT delivery_id FROM ${SHADOW}.deliveries)`
  for (const statement of [
    `DELETE FROM ${SHADOW}.responses WHERE response_id IN (SELECT response_id FROM ${SHADOW}.attempts WHERE ${isUnknown})`,
    `DELETE FROM ${SHADOW}.attempts WHERE ${isUnknown}`,
    `DELETE FROM ${SHADOW}.dead_letters WHERE ${isUnknown}`,
    `INSERT INTO ${SHADOW}.responses SELECT * FROM ${from}.responses WHERE response_id IN (
       SELECT response_id FROM ${from}.attempts WHERE ${isKept}) ON CONFLICT DO NOTHING`,
    `INSERT INTO ${SHADOW}.attempts SELECT * FROM ${from}.attempts WHERE ${isKept}`,
    `INSERT INTO ${SHADOW}.dead_letters SELECT * FROM ${from}.dead_letters WHERE ${isKept}`,
    `INSERT INTO ${SHADOW}.deliveries SELECT * FROM ${from}.deliveries WHERE ${isKept}`,
    `INSERT INTO ${SHADOW}.postponed_events SELECT * FROM ${from}.postponed_events p
       WHERE EXISTS (SELECT FROM ${from}.events e WHERE e.event_id = p.event_id AND e.received_at <= $1)
       ON CONFLICT DO NOTHING`,
    `INSERT INTO ${SHADOW}.rejections SELECT * FROM ${from}.rejections WHERE rejected_at <= $1 ON CONFLICT DO NOTHING`,
    `INSERT INTO ${SHADOW}.cancellations SELECT * FROM ${from}.cancellations WHERE cancelled_at <= $1
       ON CONFLICT DO NOTHING`,
    keepFiguresSql(from, 'attempt_figures', 'application_id, step, at, kind, bin', 'amount'),
    keepFiguresSql(from, 'subscription_figures', 'subscription_id, at, kind, bin', 'amount', 'last_at'),
  ])
    await client.query(statement, statement.includes('$1') ? [since] : [])
  await client.query(
    `UPDATE ${SHADOW}.projection_checkpoints s SET matched_event_seq = greatest(s.matched_event_seq, l.matched_event_seq)
     FROM ${from}.projection_checkpoints l
     WHERE s.name = 'ledger' AND l.name = s.name AND l.seq = s.seq AND l.stream_created_at = s.stream_created_at`,
  )
}

/** How a delivery ended can't be told without its beginning, which may have aged out long before. */
function keepFiguresSql(from: string, table: string, key: string, ...columns: string[]): string {
  const greatest = columns.map((column) => `${column} = greatest(${table}.${column}, excluded.${column})`)
  return `INSERT INTO ${SHADOW}.${table} SELECT * FROM ${from}.${table} WHERE at <= $1 OR kind IN ('delivered', 'dead')
    ON CONFLICT (${key}) DO UPDATE SET ${greatest.join(', ')}`
}

/** CONTROL keeps the last states of a thing only, and AUDIT's copies may once have stalled. */
async function keepControl({ client, live }: RetainOptions): Promise<void> {
  for (const table of ['audit_log', 'subscriptions'])
    await client.query(`INSERT INTO ${SHADOW}.${table} SELECT * FROM ${quoted(live)}.${table} ON CONFLICT DO NOTHING`)
}

async function firstTime(nats: Nats, stream: StreamName): Promise<Date> {
  const { firstSeq } = await readStreamState(nats, stream)
  return (await readStored(nats, stream, firstSeq))?.time ?? new Date()
}

/**
 * What is gone for its age (services/cleaner) stays gone, as far as that can be told from what was lost: ids of cleaned events are
 * noted, and deliveries are kept for a day at least.
 */
export async function dropCleaned({ client, live }: RetainOptions, part: Part): Promise<void> {
  const from = quoted(live)
  const isCleaned = `event_id IN (SELECT event_id FROM ${from}.expired_event_ids)`
  const isGone = `d.finished_at < now() - interval '1 day'
    AND NOT EXISTS (SELECT FROM ${from}.deliveries l WHERE l.delivery_id = d.delivery_id)`
  const gone = `SELECT d.delivery_id FROM ${SHADOW}.deliveries d WHERE ${isGone}`
  // Figures go by age alone.
  const oldFigures = (table: string) =>
    `DELETE FROM ${SHADOW}.${table} WHERE at < (SELECT min(at) FROM ${from}.${table}) AND at < now() - interval '1 day'`
  const statements: Record<string, string[]> = {
    events: [`DELETE FROM ${SHADOW}.events WHERE ${isCleaned}`, oldFigures('event_figures')],
    ledger: [
      `DELETE FROM ${SHADOW}.responses WHERE response_id IN (
         SELECT response_id FROM ${SHADOW}.attempts WHERE delivery_id IN (${gone}))`,
      `DELETE FROM ${SHADOW}.attempts WHERE delivery_id IN (${gone})`,
      `DELETE FROM ${SHADOW}.dead_letters WHERE delivery_id IN (${gone})`,
      `DELETE FROM ${SHADOW}.deliveries d WHERE ${isGone}`,
      `DELETE FROM ${SHADOW}.postponed_events WHERE ${isCleaned}`,
      `DELETE FROM ${SHADOW}.rejections r WHERE r.rejected_at < now() - interval '1 day'
         AND NOT EXISTS (SELECT FROM ${from}.rejections l WHERE l.rejection_id = r.rejection_id)`,
      oldFigures('attempt_figures'),
      oldFigures('subscription_figures'),
    ],
  }
  for (const statement of statements[part.name] ?? []) await client.query(statement)
}
