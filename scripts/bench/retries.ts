import { attemptIdOf, laneOf } from '#shared/domain/ids.ts'
import type { DeliveryCreated } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS, WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import type { RetryDue } from '#shared/facts/waiting.ts'
import type { AppendMessage } from '#shared/runtime/appender.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { residentMb } from './cpu.ts'
import { createCall } from './jethook-load.ts'
import { appendMade, deliveryMessage, type FactsOf, madeAttempt, madeDelivery } from './made-facts.ts'
import { startBenchReceiver } from './processes.ts'
import type { Results } from './results.ts'
import type { Bench } from './stage.ts'
import { STAMP_PLACE, stampedPayload, stampOf } from './stamp.ts'
import { measureThroughput, referenceThroughput } from './throughput.ts'

const WAITING = 1_000_000
const QUICK_WAITING = 5_000
const DUE_AT_ONCE = 10_000
const QUICK_DUE_AT_ONCE = 500
/** So long after now they fall due: time enough to schedule them. */
const DUE_IN_MS = 8_000
const QUICK_DUE_IN_MS = 2_000
const FAR_MS = 24 * 3_600_000
const LANES = 16
const EVENT_TYPE = 'bench.event.retried'

/**
 * Retries that wait for tomorrow, scheduled in WAITING as the deliverer does it (the attempts before them are not made): how fast,
 * and what they cost deliveries that are due now. Then 10,000 retries of one receiver, whose first attempts stand in LEDGER, fall
 * due in the same ms: how late they arrive.
 */
export async function benchRetries(bench: Bench): Promise<Results> {
  const { servers, credentials } = bench
  const waiting = bench.size(WAITING, QUICK_WAITING)
  const dueAtOnce = Math.min(waiting, bench.options.isQuick ? QUICK_DUE_AT_ONCE : DUE_AT_ONCE)
  const nats = await connectNats(servers.natsUrl, 'bench', createLogger('error'))
  const receiver = await startBenchReceiver()
  const call = createCall(credentials)
  try {
    const without = await referenceThroughput(bench, 'retries_without')
    await call('/event_types', { service: 'bench', resource_type: 'event', verb: 'retried' })
    const { subscription_id } = await call<{ subscription_id: string }>('/subscriptions', {
      is_enabled: true,
      event_types: [EVENT_TYPE],
      labels: { nobody: 'sends' },
      target: { type: 'http', method: 'POST', url: `${receiver.url}/`, headers: {} },
    })
    const of = await postEvent(subscription_id, Date.now() + FAR_MS)
    const scheduleRate = await appendMade(nats, 'WAITING', {
      count: waiting,
      message: (i) => scheduled(madeDelivery(of, Date.now()), Date.now() + FAR_MS + i),
    })
    const beside = await measureThroughput(bench, 'retries_beside')
    const rss = residentMb(servers.nats!.pid)
    const due = await measureDue(subscription_id, dueAtOnce)
    await nats.jsm.streams.purge(STREAM_NAMES.waiting, { filter: `wait.*.${subscription_id}.>` })
    return {
      'retries-without': without,
      'retries-schedule': { rate_per_s: scheduleRate, figures: { waiting_retries: waiting } },
      'retries-beside': { ...beside, figures: { nats_rss_mb: rss, waiting_retries: waiting } },
      'retries-due': due,
    }
  } finally {
    receiver.stop()
    await nats.connection.close()
  }

  /** @param stampMs What its payload says; nobody is subscribed to its label. */
  async function postEvent(subscriptionId: string, stampMs: number): Promise<FactsOf> {
    const payload = JSON.stringify(stampedPayload(1_024)).replace(STAMP_PLACE, stampOf(stampMs))
    const { event_id } = await call<{ event_id: string }>('/event', {
      event_type: EVENT_TYPE,
      payload,
      payload_content_type: 'application/json',
      occurred_at: '2026-01-01T00:00:00Z',
      labels: { all: 'no' },
    })
    const { lastSeq } = await readStreamState(nats, STREAM_NAMES.events)
    const { application_id: applicationId } = credentials
    return { applicationId, subscriptionId, eventId: event_id, eventSeq: lastSeq, eventType: EVENT_TYPE }
  }

  async function measureDue(subscriptionId: string, count: number) {
    const dueMs = Date.now() + (bench.options.isQuick ? QUICK_DUE_IN_MS : DUE_IN_MS)
    const of = await postEvent(subscriptionId, dueMs)
    const deliveries = Array.from({ length: count }, () => madeDelivery(of, Date.now()))
    await appendMade(nats, 'LEDGER', { count, message: (i) => deliveryMessage(deliveries[i]!) })
    await appendMade(nats, 'LEDGER', { count, message: (i) => failedAttempt(deliveries[i]!, dueMs) })
    await appendMade(nats, 'WAITING', { count, message: (i) => scheduled(deliveries[i]!, dueMs) })
    if (Date.now() > dueMs) bench.tell('the retries were due before all of them were scheduled')
    await receiver.report()
    await receiver.reached(receiver.count() + count)
    const { p50Ms, p99Ms, p999Ms, maxMs } = (await receiver.report()).sinceDue
    return { p50_ms: p50Ms, p99_ms: p99Ms, p999_ms: p999Ms, figures: { due_at_once: count, last_after_ms: maxMs } }
  }
}

function failedAttempt(delivery: DeliveryCreated, dueMs: number): AppendMessage {
  const decision = { type: 'retry', atMs: dueMs, attemptId: attemptIdOf(delivery.deliveryId, 2) } as const
  const fact = madeAttempt(delivery, { nowMs: Date.now(), statusCode: 503, decision })
  return { subject: LEDGER_SUBJECTS.attempt, body: JSON.stringify(fact), msgId: fact.attemptId }
}

function scheduled(delivery: DeliveryCreated, dueAtMs: number): AppendMessage {
  const { deliveryId, subscriptionId, eventId, eventSeq, eventType, applicationId, controlSeq, createdAtMs } = delivery
  const lane = laneOf(subscriptionId, LANES)
  const retry: RetryDue = {
    v: 1,
    type: 'retry',
    deliveryId,
    attemptId: attemptIdOf(deliveryId, 2),
    attemptNumber: 2,
    eventId,
    eventSeq,
    eventType,
    applicationId,
    subscriptionId,
    controlSeq,
    createdAtMs,
    dueAtMs,
  }
  return {
    subject: WAITING_SUBJECTS.retry(lane, subscriptionId, deliveryId),
    body: JSON.stringify(retry),
    msgId: retry.attemptId,
    headers: {
      'Nats-Schedule': `@at ${new Date(dueAtMs).toISOString()}`,
      'Nats-Schedule-Target': WAITING_SUBJECTS.due(lane),
    },
  }
}
