import { setTimeout as delay } from 'node:timers/promises'
import { compareReadModel } from '#scripts/verify/read-model.ts'
import { streamsOf } from '#scripts/verify/read-streams.ts'
import { readServerState } from '#scripts/verify/server-state.ts'
import { type Invariant, type VerifyReport, verifyLedger } from '#scripts/verify/verify-ledger.ts'
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
  /** Promises that can't be judged under this fault. */
  unjudged?: readonly Invariant[]
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
  { id, name, unjudged = [], inject, mend }: Fault<Bench>,
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
    report.violations = report.violations.filter(({ invariant }) => !unjudged.includes(invariant))
    const differences = await compareReadModel(bench.databaseUrl, report)
    const { repeatedMax } = bench
    if (repeatedMax !== null && report.repeatedSuccesses > repeatedMax)
      differences.push(`${report.repeatedSuccesses} successes are repeated, though only ${repeatedMax} were held`)
    return { id, name, accepted: accepted.length, report, differences, recoveryMs, pauseMs, refused }
  } finally {
    await bench.close()
  }
}

export async function verify({ natsUrl, received }: RunnableBench, accepted: readonly string[]): Promise<VerifyReport> {
  const nats = await connectNats(natsUrl, 'verify', testLogger)
  try {
    return await verifyLedger({
      ...streamsOf(nats),
      accepted,
      received,
      isQuiet: true,
      retriesMax: 24,
      cancelGraceMs: 15_000,
      serverState: () => readServerState(nats, true),
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

/** Whether everything has ended, as far as the read model knows; what has not by then, the verifier names. */
export async function drained(bench: JethookBench, accepted: number): Promise<void> {
  await bench.withDatabase((client) =>
    until(
      'every delivery has ended',
      async () => {
        const { rows } = await client.query<{ events: string; is_done: boolean }>(
          `SELECT (SELECT count(*) FROM events) AS events,
             (SELECT matched_event_seq FROM projection_checkpoints WHERE name = 'ledger') >= (SELECT max(seq) FROM events)
               AND NOT EXISTS (SELECT FROM deliveries WHERE status = 'pending')
               AND NOT EXISTS (SELECT FROM postponed_events WHERE status = 'waiting') AS is_done`,
        )
        return Number(rows[0]!.events) >= accepted && rows[0]!.is_done
      },
      DRAIN_LIMIT_MS,
    ).catch(() => {}),
  )
}
