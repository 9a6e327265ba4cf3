import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { RejectionAnswer } from '#shared/contract/rejection-schemas.ts'
import { newEventId } from '#shared/domain/ids.ts'
import { connectPublisher, natsHeaders } from '../support/nats-publisher.ts'
import { until } from '../support/until.ts'
import { type FaultBench, openBench } from './fault-bench.ts'
import { drained, verify } from './run-fault.ts'

/** `NATS_KILL_EVENTS=50000` is the long form: with a second jethook on the same servers, which is killed as well. */
const EVENTS = Number(process.env['NATS_KILL_EVENTS'] ?? 1_000)
const IS_LONG = EVENTS > 1_000
const LIMIT_MS = 60_000 + EVENTS * 10
const PUBLISHERS = 24
/** One in so many is of a type that does not exist. */
const REFUSED_EVERY = 20
/** One in so many has no id of its own. */
const NAMELESS_EVERY = 10
/** One message in so many holds several events. */
const BATCH_EVERY = 50
const BATCH_EVENTS = 5
/** From here on publishers wait until there is a jethook that is to die of what they publish. */
const HELD_BACK_FROM = EVENTS * 0.9

/** Publishes them all; whatever has no acknowledgement is published again under the same id. */
async function publishAll(
  bench: FaultBench,
  { onAcknowledged, mayEnd }: { onAcknowledged: (count: number) => void; mayEnd: Promise<void> },
): Promise<{ acknowledged: Set<string>; nameless: Set<string> }> {
  const publisher = await connectPublisher(bench.natsUrl)
  const acknowledged = new Set<string>()
  /** By their payloads. */
  const nameless = new Set<string>()
  const { application_id: app } = bench.api.eventPost()
  let started = 0
  let published = 0
  async function publishOne(n: number): Promise<void> {
    const isBatch = n % BATCH_EVERY === 2
    const isNameless = n % NAMELESS_EVERY === 1
    const ids = Array.from({ length: isBatch ? BATCH_EVENTS : 1 }, () => newEventId(Date.now()))
    const headers = natsHeaders(isNameless || isBatch ? {} : { 'Jethook-Event-Id': ids[0]! })
    const event_type = n % REFUSED_EVERY === 0 ? 'no.such.type' : 'a.b.c'
    const payload = `{"n":${n}}`
    const events = ids.map((event_id) => ({ event_id, event_type, payload }))
    const subject = `in.${app}.${isBatch ? 'batch' : event_type}`
    for (;;) {
      try {
        await publisher.js.publish(subject, isBatch ? JSON.stringify({ events }) : payload, { headers })
        break
      } catch {
        await delay(50)
      }
    }
    if (isNameless) nameless.add(payload)
    else for (const id of ids) acknowledged.add(id)
    onAcknowledged(++published)
  }
  try {
    await Promise.all(
      Array.from({ length: PUBLISHERS }, async () => {
        while (started < EVENTS) {
          const n = started++
          if (n >= HELD_BACK_FROM) await mayEnd
          await publishOne(n)
        }
      }),
    )
  } finally {
    await publisher.close()
  }
  return { acknowledged, nameless }
}

async function rejectedIds(bench: FaultBench): Promise<Set<string>> {
  const { application_id: app } = bench.api.eventPost()
  const ids = new Set<string>()
  let path: string | null = `/rejections?application_id=${app}&limit=100`
  while (path !== null) {
    const { body, headers }: { body: RejectionAnswer[]; headers: Headers } = await bench.api.call('GET', path)
    for (const { event_id } of body) if (event_id !== null) ids.add(event_id)
    const next: string | undefined = /<[^>]*\/api\/v1([^>]+)>/.exec(headers.get('link') ?? '')?.[1]
    path = next ?? null
  }
  return ids
}

test('every acknowledged publish is delivered, dead or listed as rejected, though nats-server and jethook are killed', async () => {
  const bench = await openBench()
  try {
    let count = 0
    const gate = Promise.withResolvers<void>()
    const publishing = publishAll(bench, {
      onAcknowledged(acknowledged) {
        count = acknowledged
      },
      mayEnd: gate.promise,
    })
    const reached = (share: number) => until(`${share} of the events`, async () => count >= EVENTS * share, LIMIT_MS)
    if (IS_LONG) await bench.startAnother()
    await reached(0.3)
    await bench.restartNats()
    await bench.mayRepeatHeld()
    await reached(0.6)
    if (IS_LONG) await bench.restartAnother()
    // Right between what is on disk and its acknowledgement: it is read again.
    await bench.dieAt('inbox-events-stored-not-acknowledged', 2, async () => gate.resolve())
    gate.resolve()
    await bench.restartJethook()
    const { acknowledged, nameless } = await publishing
    const inBatches = (EVENTS / BATCH_EVERY) * (BATCH_EVENTS - 1)
    assert.deepEqual([acknowledged.size, nameless.size], [EVENTS * 0.9 + inBatches, EVENTS * 0.1])
    const rejected = await until(
      'all are decided on',
      async () => {
        const ids = await rejectedIds(bench)
        const known = await bench.withDatabase(async (client) => {
          const { rows } = await client.query<{ event_id: string }>('SELECT event_id FROM events')
          return new Set(rows.map(({ event_id }) => event_id))
        })
        return [...acknowledged].every((id) => known.has(id) || ids.has(id)) && ids
      },
      LIMIT_MS,
    )
    const accepted = [...acknowledged].filter((id) => !rejected.has(id))
    assert.ok(accepted.length >= EVENTS * 0.7 && rejected.size >= EVENTS / REFUSED_EVERY)
    await bench.receiver.waitFor((requests) => {
      const got = new Set(requests.map(({ body }) => body.toString()))
      return [...nameless].every((body) => got.has(body))
    }, LIMIT_MS)
    await drained(bench, accepted.length + nameless.size)
    const bodies = new Set(bench.receiver.requests.map(({ body }) => body.toString()))
    assert.deepEqual(
      [...nameless].filter((body) => !bodies.has(body)),
      [],
    )
    const { report } = await verify(bench, accepted)
    assert.deepEqual(report.violations, [])
  } finally {
    await bench.close()
  }
})
