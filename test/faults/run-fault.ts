import { setTimeout as delay } from 'node:timers/promises'
import { compareRows } from '#scripts/verify/compare-rows.ts'
import { historiesOf } from '#scripts/verify/history.ts'
import { compareReadModel } from '#scripts/verify/read-model.ts'
import { streamsOf } from '#scripts/verify/read-streams.ts'
import { readServerState } from '#scripts/verify/server-state.ts'
import { type Invariant, type VerifyReport, verifyLedger } from '#scripts/verify/verify-ledger.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { isAtRest } from '../support/at-rest.ts'
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
  /** Clocks are made to differ by so much. */
  clockSkewMs?: number
  /** Ends when everything is as it should be again, but for what `mend` does. */
  inject(bench: Bench): Promise<void>
  /** What is put right only after jethook has been seen to do without it. */
  mend?(bench: Bench): Promise<void>
}

export interface FaultRow {
  id: string
  name: string
  /** How often the fault was there. */
  runs: number
  accepted: number
  report: VerifyReport
  differences: string[]
  /** Promises that could not be judged. */
  unjudged: readonly Invariant[]
  /** What LEDGER tells of violations, by their subject. */
  histories: Map<string, string[]>
  /** So many webhooks may be repeated at the most. */
  repeatedMax: number
  /** From the end of each fault until an event that was posted after it has arrived. */
  recoveriesMs: number[]
  /** The longest of them. */
  recoveryMs: number
  /** The longest time without an event being accepted, from before the fault until after it. */
  pauseMs: number
  /** How often a post was answered 503 or the like. */
  refused: number
}

const loadMs = Number(process.env['FAULT_LOAD_MS'] ?? 1_500)

/**
 * Posts events while a fault is injected, waits until all has ended, and checks every promise.
 * @param runs So often one after the other, on the same servers.
 */
export async function runFault<Bench extends RunnableBench>(
  { id, name, unjudged = [], clockSkewMs = 0, inject, mend }: Fault<Bench>,
  open: () => Promise<Bench>,
  runs = 1,
): Promise<FaultRow> {
  const bench = await open()
  try {
    bench.poster.start()
    await delay(loadMs)
    const recoveriesMs: number[] = []
    for (let run = 0; run < runs; run++) {
      await inject(bench)
      recoveriesMs.push(await measureRecovery(bench))
      await mend?.(bench)
      await delay(loadMs / 3)
    }
    const accepted = await bench.poster.stop()
    const { longestPauseMs: pauseMs, refused } = bench.poster
    await drained(bench, accepted.length)
    const { report, histories } = await verify(bench, accepted, { unjudged, clockSkewMs })
    const differences = await compareReadModel(bench.databaseUrl, report)
    const { repeatedMax } = bench
    const recoveryMs = Math.max(...recoveriesMs)
    const row = { id, name, runs, accepted: accepted.length, report, differences, histories, repeatedMax, unjudged }
    return { ...row, recoveriesMs, recoveryMs, pauseMs, refused }
  } finally {
    await bench.close()
  }
}

export async function verify(
  { natsUrl, databaseUrl, received, repeatedMax }: RunnableBench,
  accepted: readonly string[],
  { unjudged = [], clockSkewMs = 0 }: Pick<Fault<never>, 'unjudged' | 'clockSkewMs'> = {},
): Promise<{ report: VerifyReport; histories: Map<string, string[]> }> {
  const nats = await connectNats(natsUrl, 'verify', testLogger)
  try {
    const report = await verifyLedger({
      ...streamsOf(nats),
      accepted,
      received,
      isQuiet: true,
      retriesMax: 24,
      cancelGraceMs: 15_000,
      repeatedMax,
      clockSkewMs,
      serverState: () => readServerState(nats, true),
    })
    report.violations.push(...(await compareRows({ nats, databaseUrl, isQuiet: true })))
    report.violations = report.violations.filter(({ invariant }) => !unjudged.includes(invariant))
    return { report, histories: await historiesOf(report.violations, streamsOf(nats).ledger) }
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
    until('every delivery has ended', () => isAtRest(client, accepted), DRAIN_LIMIT_MS).catch(() => {}),
  )
}
