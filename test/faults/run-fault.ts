import { setTimeout as delay } from 'node:timers/promises'
import { compareReadModel } from '#scripts/verify/read-model.ts'
import { streamsOf } from '#scripts/verify/read-streams.ts'
import { type VerifyReport, verifyLedger } from '#scripts/verify/verify-ledger.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { testLogger } from '../support/nats.ts'
import { until } from '../support/until.ts'
import type { JethookBench } from './jethook-bench.ts'

const DRAIN_LIMIT_MS = 60_000
const RECOVERY_LIMIT_MS = 60_000

/** What a fault needs: a jethook, and where its servers are. */
export interface RunnableBench extends JethookBench {
  natsUrl: string
  databaseUrl: string
}

export interface Fault<Bench> {
  id: string
  name: string
  /** Ends when everything is as it should be again, but for what `mend` does. */
  inject(bench: Bench): Promise<void>
  /** What is put right only after jethook has been seen to do without it. */
  mend?(bench: Bench): Promise<void>
}

export interface FaultRow {
  id: string
  name: string
  accepted: number
  report: VerifyReport
  differences: string[]
  /** From the end of the fault until an event that was posted after it has arrived. */
  recoveryMs: number
  /** The longest time without an event being accepted, from before the fault until after it. */
  pauseMs: number
  /** How often a post was answered 503 or the like. */
  refused: number
}

const loadMs = Number(process.env['FAULT_LOAD_MS'] ?? 1_500)

/** Posts events while a fault is injected, waits until all has ended, and checks every promise. */
export async function runFault<Bench extends RunnableBench>(
  { id, name, inject, mend }: Fault<Bench>,
  open: () => Promise<Bench>,
): Promise<FaultRow> {
  const bench = await open()
  try {
    bench.poster.start()
    await delay(loadMs)
    await inject(bench)
    const recoveryMs = await measureRecovery(bench)
    await mend?.(bench)
    await delay(loadMs / 3)
    const accepted = await bench.poster.stop()
    const { longestPauseMs: pauseMs, refused } = bench.poster
    await drained(bench, accepted.length)
    const report = await verify(bench, accepted)
    const differences = await compareReadModel(bench.databaseUrl, report)
    return { id, name, accepted: accepted.length, report, differences, recoveryMs, pauseMs, refused }
  } finally {
    await bench.close()
  }
}

async function verify({ natsUrl, received }: RunnableBench, accepted: readonly string[]): Promise<VerifyReport> {
  const nats = await connectNats(natsUrl, 'verify', testLogger)
  try {
    return await verifyLedger({
      ...streamsOf(nats),
      accepted,
      received,
      isQuiet: true,
      retriesMax: 24,
      cancelGraceMs: 15_000,
    })
  } finally {
    await nats.connection.close()
  }
}

async function measureRecovery({ poster, receiver }: JethookBench): Promise<number> {
  const startedMs = performance.now()
  const eventId = await poster.postOne()
  await receiver.waitFor(
    (requests) => requests.some(({ headers }) => headers['x-event-id'] === eventId),
    RECOVERY_LIMIT_MS,
  )
  return Math.round(performance.now() - startedMs)
}

async function drained(bench: JethookBench, accepted: number): Promise<void> {
  await bench.withDatabase((client) =>
    until(
      'every delivery has ended',
      async () => {
        const { rows } = await client.query<{ events: string; open: string }>(
          `SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM deliveries WHERE status = 'pending') AS open,
             (SELECT count(*) FROM deliveries) AS made`,
        )
        const [row] = rows as unknown as { events: string; open: string; made: string }[]
        return Number(row!.events) >= accepted && Number(row!.made) >= 2 * accepted && Number(row!.open) === 0
      },
      DRAIN_LIMIT_MS,
    ).catch(() => {}),
  )
}
