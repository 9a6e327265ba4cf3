import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { RejectionAnswer } from '#shared/contract/rejection-schemas.ts'
import { newEventId } from '#shared/domain/ids.ts'
import { connectPublisher, natsHeaders } from '../support/nats-publisher.ts'
import { until } from '../support/until.ts'
import { type FaultBench, openBench } from './fault-bench.ts'
import { drained, verify } from './run-fault.ts'

const EVENTS = 1_500
const PUBLISHERS = 24
/** One in so many is of a type that does not exist. */
const REFUSED_EVERY = 20

/** Publishes until told to stop; whatever has no acknowledgement is published again under the same id. */
async function publishAll(bench: FaultBench, onAcknowledged: (count: number) => void): Promise<Set<string>> {
  const publisher = await connectPublisher(bench.natsUrl)
  const acknowledged = new Set<string>()
  const { application_id: app } = bench.api.eventPost()
  let started = 0
  async function publishOne(n: number): Promise<void> {
    const id = newEventId(Date.now())
    const headers = natsHeaders({ 'Jethook-Event-Id': id })
    const subject = n % REFUSED_EVERY === 0 ? `in.${app}.no.such.type` : `in.${app}.a.b.c`
    for (;;) {
      try {
        await publisher.js.publish(subject, `{"n":${n}}`, { headers })
        break
      } catch {
        await delay(50)
      }
    }
    acknowledged.add(id)
    onAcknowledged(acknowledged.size)
  }
  try {
    await Promise.all(
      Array.from({ length: PUBLISHERS }, async () => {
        while (started < EVENTS) await publishOne(started++)
      }),
    )
  } finally {
    await publisher.close()
  }
  return acknowledged
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
    const publishing = publishAll(bench, (acknowledged) => {
      count = acknowledged
    })
    const reached = (share: number) => until(`${share} of the events`, async () => count >= EVENTS * share, 60_000)
    await reached(0.3)
    await bench.restartNats()
    await bench.mayRepeatHeld()
    await reached(0.6)
    await bench.restartJethook()
    const acknowledged = await publishing
    assert.equal(acknowledged.size, EVENTS)
    const rejected = await until('all are decided on', async () => {
      const ids = await rejectedIds(bench)
      const known = await bench.withDatabase(async (client) => {
        const { rows } = await client.query<{ event_id: string }>('SELECT event_id FROM events')
        return new Set(rows.map(({ event_id }) => event_id))
      })
      return [...acknowledged].every((id) => known.has(id) || ids.has(id)) && ids
    })
    const accepted = [...acknowledged].filter((id) => !rejected.has(id))
    assert.ok(accepted.length >= EVENTS * 0.8 && rejected.size >= EVENTS / REFUSED_EVERY)
    await drained(bench, accepted.length)
    const { report } = await verify(bench, accepted)
    assert.deepEqual(report.violations, [])
  } finally {
    await bench.close()
  }
})
