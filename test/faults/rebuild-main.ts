import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compareRows } from '#scripts/verify/compare-rows.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { testLogger } from '../support/nats.ts'
import { until } from '../support/until.ts'
import type { JethookBench } from './jethook-bench.ts'
import { postNumbered, withBench } from './redrive-run.ts'

const HELP = `npm run test:rebuild -- [--facts 200000] [--live 50]

  Makes so many facts, rebuilds the rows beside so many live events a second, and compares them with a fold of the streams; then
  drops everything in Postgres, starts jethook, and asks the API whether it answers as before.`

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const LIMIT_MS = 1_200_000
const LIVE_EVERY_MS = 200
/** An event has its own fact, that of its delivery, that of its attempt, and a share in others. */
const FACTS_PER_EVENT = 3
/** So many events are answered with 500 at first, so that there are retries and dead letters too. */
const FAIL_EVERY = 50

const { values } = parseArgs({
  options: {
    facts: { type: 'string', default: '200000' },
    live: { type: 'string', default: '50' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(`${HELP}\n`)
else await withBench((bench, natsUrl) => run(bench, natsUrl))

async function run(bench: JethookBench, natsUrl: string): Promise<void> {
  const events = Math.ceil(Number(values.facts) / FACTS_PER_EVENT)
  const labels = { run: 'rebuild' }
  const isFailing = (body: Buffer) => (JSON.parse(body.toString()) as { n: number }).n % FAIL_EVERY === 0
  bench.react = ({ body }) => ({ status: isFailing(body) ? 500 : 200 })
  await bench.api.subscribe(`${bench.receiver.url}/all`, { labels })
  await postNumbered(bench, events, labels)
  await settled(bench, events)
  console.log(`  ${events} events have ended`)
  const databaseUrl = await bench.withDatabase(async ({ host, port, user, password, database }) => {
    return `postgres://${user}:${password}@${host}:${port}/${database}`
  })

  let posted = 0
  let isLive = true
  const live = (async () => {
    const count = Math.ceil((Number(values.live) * LIVE_EVERY_MS) / 1_000)
    for (; isLive; posted += count) {
      await postNumbered(bench, count, labels)
      await new Promise((resolve) => setTimeout(resolve, LIVE_EVERY_MS))
    }
  })()
  const rebuildCode = await runRebuild({ NATS_URL: natsUrl, DATABASE_URL: databaseUrl })
  isLive = false
  await live
  await settled(bench, events + posted)
  const nats = await connectNats(natsUrl, 'rebuild', testLogger)
  const differences = await compareRows({ nats, databaseUrl, isQuiet: true })
  console.log(`  ${posted} live events meanwhile; rows that differ from a fold of the streams: ${differences.length}`)

  const before = await answers(bench)
  await bench.withDatabase((client) => client.query('DROP SCHEMA public, jethook_before CASCADE; CREATE SCHEMA public'))
  const startedMs = performance.now()
  await bench.restartJethook()
  await settled(bench, events + posted)
  console.log(`  Postgres dropped: made again in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`)
  const isAnsweredAsBefore = JSON.stringify(await answers(bench)) === JSON.stringify(before)
  console.log(`  the API answers as before: ${isAnsweredAsBefore ? 'yes' : 'NO'}`)
  const differencesAfter = await compareRows({ nats, databaseUrl, isQuiet: true })
  await nats.connection.close()
  for (const { subject, detail } of [...differences, ...differencesAfter]) console.log(`  ${subject} ${detail}`)
  const isRight = rebuildCode === 0 && differences.length + differencesAfter.length === 0 && isAnsweredAsBefore
  process.exitCode = isRight ? 0 : 1
}

/** The command as an operator runs it, with what it prints. */
async function runRebuild(environment: Record<string, string>): Promise<number> {
  const child = spawn(process.execPath, ['scripts/operator/projections.ts', 'rebuild'], {
    cwd: PROJECT,
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  })
  const [code] = await once(child, 'close')
  return Number(code)
}

function settled(bench: JethookBench, events: number): Promise<unknown> {
  return until(
    'everything has ended',
    () =>
      bench.withDatabase(async (client) => {
        const found = await client
          .query(
            `SELECT (SELECT count(*) FROM deliveries WHERE status <> 'pending') AS ended, (SELECT count(*) FROM events) AS events`,
          )
          .catch(() => null)
        return Number(found?.rows[0].ended) >= events && Number(found?.rows[0].events) >= events
      }),
    LIMIT_MS,
  )
}

async function answers({ api }: JethookBench): Promise<unknown[]> {
  const of = `application_id=${api.eventPost().application_id}`
  const found: unknown[] = []
  for (const path of [`/events?${of}`, `/request_attempts?${of}`, `/dead_letters?${of}`, `/dead_letters/groups?${of}`])
    found.push((await api.call('GET', path)).body)
  return found
}
