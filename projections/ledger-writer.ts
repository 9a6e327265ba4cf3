import type { ClientBase } from 'pg'
import type { ChosenCancelled, DeliveriesCancelled, EventRejected } from '#shared/facts/ledger.ts'
import {
  addToApplicationsSql,
  addToSubscriptionsSql,
  figuresOfAttemptsSql,
  figuresOfDeadLettersSql,
} from '#shared/readmodel/figures-sql.ts'
import {
  type AttemptColumns,
  type DeadLetterColumns,
  type DeliveryColumns,
  type LedgerRows,
  type LedgerSegment,
  type LedgerState,
  openRetriesOf,
  type ResolutionColumns,
  type ResponseColumns,
} from './ledger.ts'
import type { Placed } from './projection.ts'

const TIME = (column: string) => `to_timestamp(${column} / 1000.0)`

/** Counts what a statement has changed, in that very statement: each answer and each end is counted once, however often it is told. */
const counted = (change: string, figuresOf: (rows: string) => string) => `
  WITH changed AS (${change}), figures AS (${figuresOf('changed')}), of_applications AS (${addToApplicationsSql('figures')})
  ${addToSubscriptionsSql('figures')}`

/** A delivery fact that is repeated beside its end still ends the delivery, and never reopens one. */
const INSERT_DELIVERIES = `
  INSERT INTO deliveries (delivery_id, event_id, application_id, subscription_id, control_seq, status, created_at, finished_at,
    event_seq, redrive_of, replay_id, job_id)
  SELECT delivery_id, event_id, application_id, subscription_id, control_seq, status, ${TIME('created_ms')}, ${TIME('finished_ms')},
    event_seq, redrive_of, replay_id, job_id
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::bigint[], $6::text[], $7::float8[], $8::float8[], $9::bigint[],
    $10::uuid[], $11::uuid[], $12::uuid[])
    AS t (delivery_id, event_id, application_id, subscription_id, control_seq, status, created_ms, finished_ms, event_seq, redrive_of,
      replay_id, job_id)
  ON CONFLICT (delivery_id) DO UPDATE SET status = excluded.status, finished_at = excluded.finished_at
  WHERE deliveries.status = 'pending' AND excluded.status <> 'pending'`

const FINISH_DELIVERIES = `
  UPDATE deliveries d SET status = t.status, finished_at = ${TIME('t.finished_ms')}
  FROM unnest($1::uuid[], $2::text[], $3::float8[]) AS t (delivery_id, status, finished_ms)
  WHERE d.delivery_id = t.delivery_id AND d.status = 'pending'`

/** A made attempt takes the place of an open or cancelled one, an open one of none. */
const UPSERT_ATTEMPTS = counted(
  `
  INSERT INTO attempts (attempt_id, delivery_id, event_id, event_type, application_id, subscription_id, attempt_number,
    created_at, delay_until, picked_at, succeeded_at, failed_at, outcome, status_code, error_message, duration_ms,
    response_id, next_attempt_at)
  SELECT attempt_id, delivery_id, event_id, event_type, application_id, subscription_id, attempt_number,
    ${TIME('created_ms')}, ${TIME('delay_ms')}, ${TIME('picked_ms')}, ${TIME('succeeded_ms')}, ${TIME('failed_ms')}, outcome,
    status_code, error_message, duration_ms, response_id, ${TIME('next_ms')}
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::int[], $8::float8[], $9::float8[],
    $10::float8[], $11::float8[], $12::float8[], $13::text[], $14::int[], $15::text[], $16::int[], $17::uuid[], $18::float8[])
    AS t (attempt_id, delivery_id, event_id, event_type, application_id, subscription_id, attempt_number, created_ms, delay_ms,
      picked_ms, succeeded_ms, failed_ms, outcome, status_code, error_message, duration_ms, response_id, next_ms)
  ON CONFLICT (attempt_id) DO UPDATE SET
    picked_at = excluded.picked_at, succeeded_at = excluded.succeeded_at, failed_at = excluded.failed_at,
    outcome = excluded.outcome, status_code = excluded.status_code, error_message = excluded.error_message,
    duration_ms = excluded.duration_ms, response_id = excluded.response_id, next_attempt_at = excluded.next_attempt_at
  WHERE excluded.response_id IS NOT NULL AND attempts.response_id IS NULL
  RETURNING *`,
  figuresOfAttemptsSql,
)

const START_ATTEMPTS = `
  UPDATE attempts a SET picked_at = ${TIME('t.picked_ms')}
  FROM unnest($1::uuid[], $2::float8[]) AS t (attempt_id, picked_ms)
  WHERE a.attempt_id = t.attempt_id AND a.outcome IS NULL`

const INSERT_RESPONSES = `
  INSERT INTO responses (response_id, application_id, error_name, http_code, headers, body, is_body_cut, elapsed_ms)
  SELECT response_id, application_id, error_name, http_code, headers::jsonb, decode(body, 'base64'), is_body_cut, elapsed_ms
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::boolean[], $8::int[])
    AS t (response_id, application_id, error_name, http_code, headers, body, is_body_cut, elapsed_ms)
  ON CONFLICT (response_id) DO NOTHING`

/** Only of a delivery that ended so: a repeated attempt must not bury one that has succeeded. */
const INSERT_DEAD_LETTERS = counted(
  `
  INSERT INTO dead_letters (delivery_id, event_id, event_type, application_id, subscription_id, reason, status_code, error_name,
    error_message, attempt_count, last_attempt_id, dead_at, ledger_seq)
  SELECT t.delivery_id, t.event_id, t.event_type, t.application_id, t.subscription_id, t.reason, t.status_code, t.error_name,
    t.error_message, t.attempt_count, t.last_attempt_id, ${TIME('t.dead_ms')}, t.ledger_seq
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::int[], $8::text[], $9::text[], $10::int[],
    $11::uuid[], $12::float8[], $13::bigint[])
    AS t (delivery_id, event_id, event_type, application_id, subscription_id, reason, status_code, error_name, error_message,
      attempt_count, last_attempt_id, dead_ms, ledger_seq)
  JOIN deliveries d ON d.delivery_id = t.delivery_id
    AND d.status = CASE t.reason WHEN 'cancelled' THEN 'cancelled' ELSE 'dead-lettered' END
  ON CONFLICT (delivery_id) DO NOTHING
  RETURNING *`,
  figuresOfDeadLettersSql,
)

const RESOLVE_DEAD_LETTERS = `
  UPDATE dead_letters d SET resolution = t.resolution, resolved_at = ${TIME('t.resolved_ms')}, resolved_by_kind = t.by_kind,
    resolved_by_id = t.by_id, job_id = t.job_id, discard_reason = t.discard_reason
  FROM unnest($1::uuid[], $2::text[], $3::float8[], $4::text[], $5::text[], $6::uuid[], $7::text[])
    AS t (delivery_id, resolution, resolved_ms, by_kind, by_id, job_id, discard_reason)
  WHERE d.delivery_id = t.delivery_id AND d.resolution IS NULL`

const INSERT_REJECTIONS = `
  INSERT INTO rejections (rejection_id, ledger_seq, application_id, event_id, event_type, problem_id, status, detail, published_at,
    rejected_at)
  SELECT rejection_id, ledger_seq, application_id, event_id, event_type, problem_id, status, detail, ${TIME('published_ms')},
    ${TIME('rejected_ms')}
  FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::int[], $8::text[], $9::float8[],
    $10::float8[])
    AS t (rejection_id, ledger_seq, application_id, event_id, event_type, problem_id, status, detail, published_ms, rejected_ms)
  ON CONFLICT (rejection_id) DO NOTHING`

const INSERT_POSTPONED = `
  INSERT INTO postponed_events (event_id, application_id, deliver_at, status)
  SELECT event_id, application_id, ${TIME('deliver_ms')}, 'waiting'
  FROM unnest($1::uuid[], $2::text[], $3::float8[]) AS t (event_id, application_id, deliver_ms)
  ON CONFLICT (event_id) DO NOTHING`

const END_POSTPONEMENTS = `
  UPDATE postponed_events p SET status = t.status, ended_at = ${TIME('t.ended_ms')}
  FROM unnest($1::uuid[], $2::text[], $3::float8[]) AS t (event_id, status, ended_ms)
  WHERE p.event_id = t.event_id AND p.status = 'waiting'`

const UPSERT_CANCELLATION = `
  INSERT INTO cancellations (scope_id, control_seq, cancelled_at) VALUES ($1, $2, ${TIME('$3::float8')})
  ON CONFLICT (scope_id) DO UPDATE SET control_seq = excluded.control_seq, cancelled_at = excluded.cancelled_at`

/** What is called off can be sent again by a person, like what has died: it is listed with the answer that it last had. */
const cancelOpenSql = (scope: string, at: string, seq: string) => `
  WITH closed AS (
    UPDATE deliveries SET status = 'cancelled', finished_at = ${TIME(at)}
    WHERE ${scope} AND status = 'pending'
    RETURNING delivery_id
  ), ended AS (
    UPDATE attempts a SET outcome = 'cancelled', failed_at = ${TIME(at)}
    FROM closed c WHERE a.delivery_id = c.delivery_id AND a.outcome IS NULL
    RETURNING a.*
  )
  INSERT INTO dead_letters (delivery_id, event_id, event_type, application_id, subscription_id, reason, status_code, error_name,
    error_message, attempt_count, last_attempt_id, dead_at, ledger_seq)
  SELECT e.delivery_id, e.event_id, e.event_type, e.application_id, e.subscription_id, 'cancelled', last.status_code, r.error_name,
    last.error_message, e.attempt_number - 1, last.attempt_id, ${TIME(at)}, ${seq}
  FROM ended e
  LEFT JOIN attempts last ON last.event_id = e.event_id AND last.delivery_id = e.delivery_id
    AND last.attempt_number = e.attempt_number - 1
  LEFT JOIN responses r ON r.response_id = last.response_id
  ON CONFLICT (delivery_id) DO NOTHING`

const CANCEL_OPEN_OF_SUBSCRIPTION = cancelOpenSql(
  'subscription_id = $1 AND control_seq < $2',
  '$3::float8',
  '$4::bigint',
)
const CANCEL_OPEN_OF_APPLICATION = cancelOpenSql('application_id = $1 AND control_seq < $2', '$3::float8', '$4::bigint')
const CANCEL_CHOSEN = cancelOpenSql('delivery_id = ANY($1::uuid[])', '$2::float8', '$3::bigint')

/** Whoever decided on these retries did not know yet that the delivery was called off. */
const CLOSE_RETRIES_OF_CANCELLED = `
  UPDATE attempts a SET outcome = 'cancelled', failed_at = d.finished_at
  FROM deliveries d
  WHERE a.attempt_id = ANY($1::uuid[]) AND a.outcome IS NULL AND d.delivery_id = a.delivery_id AND d.status = 'cancelled'`

export async function loadCancellations(client: ClientBase): Promise<LedgerState> {
  const { rows } = await client.query<{ scope_id: string; control_seq: string; cancelled_ms: number }>(
    'SELECT scope_id, control_seq, (extract(epoch FROM cancelled_at) * 1000)::float8 AS cancelled_ms FROM cancellations',
  )
  return new Map(
    rows.map((row) => [
      row.scope_id,
      { controlSeq: Number(row.control_seq), cancelledAtMs: Math.round(row.cancelled_ms) },
    ]),
  )
}

/** Writes the segments in order; few statements, each for many rows. */
export async function writeLedgerRows(client: ClientBase, { segments }: LedgerRows): Promise<void> {
  for (const segment of segments) await writeSegment(client, segment)
}

async function writeSegment(client: ClientBase, segment: LedgerSegment): Promise<void> {
  const { newDeliveries, finishedDeliveries, attempts, responses, deadLetters, startedAttempts, thenCancelled } =
    segment
  await writePostponements(client, segment)
  if (newDeliveries.size > 0) await insertDeliveries(client, [...newDeliveries.values()])
  if (finishedDeliveries.size > 0) {
    const ends = [...finishedDeliveries.values()]
    const values = [[...finishedDeliveries.keys()], ends.map((end) => end.status), ends.map((end) => end.finishedAtMs)]
    await client.query({ name: 'finish-deliveries', text: FINISH_DELIVERIES, values })
  }
  if (attempts.size > 0) await upsertAttempts(client, [...attempts.values()])
  const retries = openRetriesOf(segment)
  if (retries.length > 0) {
    const values = [retries.map(({ attemptId }) => attemptId)]
    await client.query({ name: 'close-retries-of-cancelled', text: CLOSE_RETRIES_OF_CANCELLED, values })
  }
  if (startedAttempts.size > 0) {
    const values = [[...startedAttempts.keys()], [...startedAttempts.values()]]
    await client.query({ name: 'start-attempts', text: START_ATTEMPTS, values })
  }
  if (responses.size > 0) await insertResponses(client, [...responses.values()])
  if (deadLetters.size > 0) await insertDeadLetters(client, [...deadLetters.values()])
  if (segment.resolutions.size > 0) await resolveDeadLetters(client, [...segment.resolutions.values()])
  if (segment.rejections.length > 0) await insertRejections(client, segment.rejections)
  if (thenCancelled !== null) await cancelOpen(client, thenCancelled)
}

async function insertRejections(client: ClientBase, rows: Placed<EventRejected>[]): Promise<void> {
  const of = columnsOf(rows.map(({ fact }) => fact))
  const text = (value: string | null) => value?.replaceAll('\u0000', '\ufffd') ?? null
  const values = [
    of('rejectionId'),
    rows.map(({ seq }) => seq),
    of('applicationId').map(text),
    of('eventId'),
    of('eventType').map(text),
    of('problemId'),
    of('status'),
    of('detail').map(text),
    of('publishedAtMs'),
    of('rejectedAtMs'),
  ]
  await client.query({ name: 'insert-rejections', text: INSERT_REJECTIONS, values })
}

async function writePostponements(client: ClientBase, segment: LedgerSegment): Promise<void> {
  if (segment.postponed.size > 0) {
    const rows = [...segment.postponed.values()]
    const values = [
      rows.map((row) => row.eventId),
      rows.map((row) => row.applicationId),
      rows.map((row) => row.deliverAtMs),
    ]
    await client.query({ name: 'insert-postponed', text: INSERT_POSTPONED, values })
  }
  if (segment.postponementsEnded.size > 0) {
    const ends = [...segment.postponementsEnded.values()]
    const values = [
      [...segment.postponementsEnded.keys()],
      ends.map((end) => end.status),
      ends.map((end) => end.endedAtMs),
    ]
    await client.query({ name: 'end-postponements', text: END_POSTPONEMENTS, values })
  }
}

async function insertDeliveries(client: ClientBase, rows: DeliveryColumns[]): Promise<void> {
  const of = columnsOf(rows)
  const values = [
    of('deliveryId'),
    of('eventId'),
    of('applicationId'),
    of('subscriptionId'),
    of('controlSeq'),
    of('status'),
    of('createdAtMs'),
    of('finishedAtMs'),
    of('eventSeq'),
    of('redriveOf'),
    of('replayId'),
    of('jobId'),
  ]
  await client.query({ name: 'insert-deliveries', text: INSERT_DELIVERIES, values })
}

async function upsertAttempts(client: ClientBase, rows: AttemptColumns[]): Promise<void> {
  const of = columnsOf(rows)
  const values = [
    of('attemptId'),
    of('deliveryId'),
    of('eventId'),
    of('eventType'),
    of('applicationId'),
    of('subscriptionId'),
    of('attemptNumber'),
    of('createdAtMs'),
    of('delayUntilMs'),
    of('pickedAtMs'),
    of('succeededAtMs'),
    of('failedAtMs'),
    of('outcome'),
    of('statusCode'),
    of('errorMessage'),
    of('durationMs'),
    rows.map((row) => (row.hasResponse ? row.attemptId : null)),
    of('nextAttemptAtMs'),
  ]
  await client.query({ name: 'upsert-attempts', text: UPSERT_ATTEMPTS, values })
}

/** Without an answer the body is the message for people (contract, behaviour.md §7). */
async function insertResponses(client: ClientBase, rows: ResponseColumns[]): Promise<void> {
  const of = columnsOf(rows)
  const bodies = rows.map((row) =>
    row.response === null ? Buffer.from(row.errorMessage ?? '').toString('base64') : row.response.bodyBase64,
  )
  const values = [
    of('responseId'),
    of('applicationId'),
    of('errorName'),
    rows.map((row) => row.response?.statusCode ?? null),
    rows.map((row) => (row.response === null ? null : JSON.stringify(row.response.headers))),
    bodies,
    rows.map((row) => row.response?.isBodyCut ?? false),
    of('elapsedMs'),
  ]
  await client.query({ name: 'insert-responses', text: INSERT_RESPONSES, values })
}

async function insertDeadLetters(client: ClientBase, rows: DeadLetterColumns[]): Promise<void> {
  const of = columnsOf(rows)
  const values = [
    of('deliveryId'),
    of('eventId'),
    of('eventType'),
    of('applicationId'),
    of('subscriptionId'),
    of('reason'),
    of('statusCode'),
    of('errorName'),
    of('errorMessage'),
    of('attemptCount'),
    of('lastAttemptId'),
    of('deadAtMs'),
    of('ledgerSeq'),
  ]
  await client.query({ name: 'insert-dead-letters', text: INSERT_DEAD_LETTERS, values })
}

async function resolveDeadLetters(client: ClientBase, rows: ResolutionColumns[]): Promise<void> {
  const of = columnsOf(rows)
  const values = [
    of('deliveryId'),
    of('resolution'),
    of('resolvedAtMs'),
    rows.map((row) => row.resolvedBy.kind),
    rows.map((row) => row.resolvedBy.id),
    of('jobId'),
    rows.map((row) => row.discardReason?.replaceAll('\u0000', '\ufffd') ?? null),
  ]
  await client.query({ name: 'resolve-dead-letters', text: RESOLVE_DEAD_LETTERS, values })
}

async function cancelOpen(
  client: ClientBase,
  { fact, seq }: Placed<DeliveriesCancelled | ChosenCancelled>,
): Promise<void> {
  if (fact.type === 'chosen_cancelled') {
    await client.query(CANCEL_CHOSEN, [fact.deliveryIds, fact.cancelledAtMs, seq])
    return
  }
  const { subscriptionId, applicationId, controlSeq, cancelledAtMs } = fact
  const values = [subscriptionId ?? applicationId, controlSeq, cancelledAtMs]
  await client.query(UPSERT_CANCELLATION, values)
  const text = subscriptionId === null ? CANCEL_OPEN_OF_APPLICATION : CANCEL_OPEN_OF_SUBSCRIPTION
  await client.query(text, [...values, seq])
}

function columnsOf<Row>(rows: Row[]) {
  return <Key extends keyof Row>(key: Key) => rows.map((row) => row[key])
}
