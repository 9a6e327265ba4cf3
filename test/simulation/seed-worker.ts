import type { SeedRow } from './run-seeds.ts'
import { type SimResult, simulate } from './simulate.ts'

/** A worker of `run-seeds.ts`: runs the ranges that it is sent, until its parent disconnects. */
process.on('message', async ({ from, count, isTraced }: { from: number; count: number; isTraced: boolean }) => {
  for (let seed = from; seed < from + count; seed++) {
    const history: string[] = []
    const keep = (line: string) => history.push(line)
    process.send!(rowOf(await simulate(seed, keep, isTraced ? keep : null), history))
  }
})

function rowOf({ seed, faults, accepted, report, complaints, broughtBack }: SimResult, history: string[]): SeedRow {
  const { broken, lost } = report
  return {
    seed,
    faults,
    accepted,
    attempts: report.attempts,
    delivered: report.succeeded,
    dead: report.deadLettered,
    cancelled: report.cancelled,
    lost: lost.prefix + lost.middle + lost.postfix + (broken.I2 ?? 0) + (broken.I3 ?? 0),
    phantom: broken.I4 ?? 0,
    early: broken.I7 ?? 0,
    overMax: broken.I6 ?? 0,
    repeated: report.repeatedSuccesses,
    broughtBack,
    complaints: [...complaints, ...report.violations.map((each) => `${each.invariant} ${each.subject} ${each.detail}`)],
    history,
  }
}
