import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { rebuild } from '#projections/rebuild/rebuild.ts'
import { createProjections } from '#projections/worker.ts'
import { newEventId } from '#shared/domain/ids.ts'
import type { DeliveryCreated } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import { createHealth } from '#shared/runtime/health.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { startCpuMeter } from './cpu.ts'
import { appendMade, deliveryMessage, madeAttempt, madeDelivery } from './made-facts.ts'
import type { Results } from './results.ts'
import type { Bench } from './stage.ts'

const FACTS = 200_000
const QUICK_FACTS = 5_000
const TABLES = ['deliveries', 'attempts', 'responses']
const POLL_MS = 20
const LIMIT_MS = 20 * 60_000

/**
 * Facts of deliveries that succeeded, two for each, made into rows by what makes them live (nothing else runs), by a rebuild of
 * LEDGER's rows, and, as the reference, the same rows by COPY into tables with the same indexes.
 */
export async function benchProjection(bench: Bench): Promise<Results> {
  const { servers } = bench
  const facts = bench.size(FACTS, QUICK_FACTS)
  const nats = await connectNats(servers.natsUrl, 'bench', createLogger('error'))
  const client = new pg.Client({ connectionString: servers.databaseUrl })
  await client.connect()
  const applicationId = randomUUID()
  try {
    await bench.stopJethook()
    const meter = () => startCpuMeter({ postgres: servers.postgres!.pid, 'nats-server': servers.nats!.pid })
    await fillLedger(nats, applicationId, facts)
    const forLive = meter()
    const live = await foldLive(bench, nats, client)
    const liveCpu = forLive.perEvent(facts)
    const copy = await copyAlone(client, applicationId)
    const beganMs = performance.now()
    const { facts: rebuilt } = await rebuild({ nats, databaseUrl: servers.databaseUrl, name: 'ledger' })
    const rebuildSeconds = (performance.now() - beganMs) / 1_000
    return {
      'projection-live': { rate_per_s: facts / live, cpu_us: liveCpu, figures: { facts } },
      'projection-rebuild': { rate_per_s: rebuilt / rebuildSeconds, figures: { facts: rebuilt } },
      'projection-copy': { rate_per_s: facts / copy },
    }
  } finally {
    await client.end()
    await nats.connection.close()
    await bench.restart()
  }
}

async function fillLedger(nats: Nats, applicationId: string, facts: number): Promise<void> {
  const subscriptionId = randomUUID()
  let delivery: DeliveryCreated | null = null
  await appendMade(nats, 'LEDGER', {
    count: facts,
    message() {
      const nowMs = Date.now()
      if (delivery === null) {
        const of = {
          applicationId,
          subscriptionId,
          eventId: newEventId(nowMs),
          eventSeq: 1,
          eventType: 'bench.made.fact',
        }
        delivery = madeDelivery(of, nowMs)
        return deliveryMessage(delivery)
      }
      const fact = madeAttempt(delivery, { nowMs, statusCode: 200, decision: { type: 'succeeded' } })
      delivery = null
      return { subject: LEDGER_SUBJECTS.attempt, body: JSON.stringify(fact), msgId: fact.attemptId }
    },
  })
}

/** @returns seconds until the checkpoint stands at LEDGER's end. */
async function foldLive({ servers }: Bench, nats: Nats, client: pg.Client): Promise<number> {
  const { lastSeq } = await readStreamState(nats, STREAM_NAMES.ledger)
  const logger = createLogger('error')
  const projections = createProjections({ nats, databaseUrl: servers.databaseUrl, logger, health: createHealth() })
  const beganMs = performance.now()
  await projections.start()
  try {
    for (;;) {
      const { rows } = await client.query<{ seq: string }>(
        `SELECT seq FROM projection_checkpoints WHERE name = 'ledger'`,
      )
      const seconds = (performance.now() - beganMs) / 1_000
      if (Number(rows[0]?.seq ?? 0) >= lastSeq) return seconds
      if (seconds * 1_000 > LIMIT_MS) throw new Error(`the ledger's rows are at ${rows[0]?.seq} of ${lastSeq}`)
      await delay(POLL_MS)
    }
  } finally {
    await projections.stop()
  }
}

/** @returns seconds that COPY takes for the application's rows. */
async function copyAlone(client: pg.Client, applicationId: string): Promise<number> {
  const { rows } = await client.query<{ folder: string }>(`SELECT current_setting('data_directory') AS folder`)
  const fileOf = (table: string) => join(rows[0]!.folder, `bench-${table}.copy`)
  let seconds = 0
  try {
    await client.query('SET synchronous_commit = off')
    for (const table of TABLES) {
      const file = client.escapeLiteral(fileOf(table))
      const from = `SELECT * FROM ${table} WHERE application_id = ${client.escapeLiteral(applicationId)}`
      await client.query(`COPY (${from}) TO ${file}`)
      await client.query(`CREATE TABLE bench_${table} (LIKE ${table} INCLUDING ALL)`)
      const beganMs = performance.now()
      await client.query(`COPY bench_${table} FROM ${file}`)
      seconds += (performance.now() - beganMs) / 1_000
    }
    return seconds
  } finally {
    for (const table of TABLES) {
      await client.query(`DROP TABLE IF EXISTS bench_${table}`)
      await rm(fileOf(table), { force: true })
    }
  }
}
