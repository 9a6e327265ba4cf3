import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { compareReadModel } from '#scripts/verify/read-model.ts'
import { until } from '../support/until.ts'
import { openBench } from './fault-bench.ts'
import { type JethookBench, subscribe } from './jethook-bench.ts'
import { drained, verify } from './run-fault.ts'

/** Others have the lanes of a process that was killed within 10 s; a busy machine may take longer. */
const TAKE_OVER_LIMIT_MS = 25_000
const CAP = 3
const ANSWER_MS = 15
/** As many as it takes for both processes to have lanes that matter. */
const SUBSCRIPTIONS = 8
const LABELS = { few: 'yes' }
const BURST = 40

/** A receiver that takes its time and counts how many requests it has at once. */
interface SlowReceiver {
  url: string
  most(): number
  close(): void
}

async function startSlowReceiver(bench: JethookBench): Promise<SlowReceiver> {
  let [underWay, most] = [0, 0]
  const server: Server = createServer((request, response) => {
    const digest = createHash('sha256')
    request.on('data', (chunk: Buffer) => digest.update(chunk))
    request.once('end', () => {
      most = Math.max(most, ++underWay)
      const entry = {
        eventId: String(request.headers['x-event-id']),
        subscriptionId: request.url!.slice(1),
        status: 0,
        sha256: digest.digest('hex'),
      }
      bench.received.push(entry)
      const timer = setTimeout(() => {
        entry.status = 200
        response.end('ok')
      }, ANSWER_MS)
      // Whoever asked may be killed meanwhile: then it is not under way any more.
      response.once('close', () => {
        underWay--
        clearTimeout(timer)
      })
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    most: () => most,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

test('two processes share the lanes; one that is killed is replaced within seconds, and caps and order hold', async (t) => {
  const bench = await openBench()
  const slow = await startSlowReceiver(bench)
  try {
    await subscribe(bench, { labels: LABELS, ordering: { by: 'subscription', on_dead_letter: 'pass' } })
    for (let i = 0; i < SUBSCRIPTIONS; i++) await subscribe(bench, { labels: LABELS })
    const asSlow = { ...bench, receiver: { ...bench.receiver, url: slow.url } }
    await subscribe(asSlow, { labels: LABELS, max_concurrency: CAP })
    await bench.startAnother()
    await allReached(bench)
    await killed(bench, bench.jethook)
    const first = await allReached(bench)
    await bench.restartJethook()
    await allReached(bench)
    await killed(bench, bench.another!)
    const second = await allReached(bench)
    await bench.restartAnother()
    await allReached(bench)
    const accepted = await bench.poster.stop()
    await drained(bench, accepted.length)
    const { report } = await verify(bench, accepted)
    t.diagnostic(`${accepted.length} accepted; all served again ${first} and ${second} ms after an event was posted`)
    t.diagnostic(`${report.repeatedSuccesses} successes repeated, ${slow.most()} under way at once at the capped one`)
    assert.equal(accepted.length, 5 * (BURST + 1))
    assert.deepEqual(report.violations, [])
    assert.deepEqual(await compareReadModel(bench.databaseUrl, report), [])
    assert.ok(slow.most() <= CAP, `${slow.most()} requests were under way at once`)
  } finally {
    slow.close()
    await bench.close()
  }
})

/** Of what is in order the one in front is parked: in no consumer's hands, and may be repeated all the same. */
async function killed(bench: JethookBench, jethook: ChildProcess): Promise<void> {
  jethook.kill('SIGKILL')
  await once(jethook, 'exit')
  await bench.mayRepeatHeld()
  bench.repeatedMax++
}

/** An event that is posted now arrives at every subscription, whoever's lane it is in. @returns after how long, in ms. */
async function allReached({ poster, received, secrets }: JethookBench): Promise<number> {
  await Promise.all(Array.from({ length: BURST }, () => poster.postOne({ labels: LABELS })))
  const eventId = await poster.postOne({ labels: { ...LABELS, all: 'yes' } })
  const beganMs = performance.now()
  const places = () => new Set(received.filter((each) => each.eventId === eventId).map((each) => each.subscriptionId))
  await until('it has arrived everywhere', async () => places().size === secrets.size, TAKE_OVER_LIMIT_MS)
  return Math.round(performance.now() - beganMs)
}
