import { openClusterBench } from './cluster-bench.ts'
import { CLUSTER_FAULTS } from './cluster-faults.ts'
import { openBench } from './fault-bench.ts'
import { FAULTS } from './faults.ts'
import { type FaultRow, runFault } from './run-fault.ts'

/** `npm run faults [-- --cluster] [ID …]`: each fault on servers of its own, and a table of what became of the events. */
const args = process.argv.slice(2)
const wanted = args.filter((arg) => !arg.startsWith('--'))
const RUNS = args.includes('--cluster')
  ? CLUSTER_FAULTS.map((fault) => ({ ...fault, run: () => runFault(fault, openClusterBench) }))
  : FAULTS.map((fault) => ({ ...fault, run: () => runFault(fault, openBench) }))
const HEADS = [
  'fault',
  'accepted',
  'delivered',
  'dead',
  'cancelled',
  'lost',
  'phantom',
  'early',
  'over max',
  'repeated',
  'refused',
  'pause',
  'recovery',
]

console.log(`\n  ${HEADS.map((head, i) => (i === 0 ? head.padEnd(64) : head.padStart(9))).join(' ')}`)
let isWhole = true
for (const { id, name, run } of RUNS) {
  if (wanted.length > 0 && !wanted.includes(id)) continue
  try {
    const row = await run()
    isWhole &&= row.report.violations.length === 0 && row.differences.length === 0
    print(row)
  } catch (error) {
    isWhole = false
    console.log(`  ${id} ${name}: ${(error as Error).stack}`)
  }
}
process.exitCode = isWhole ? 0 : 1

function print({ id, name, accepted, report, differences, recoveryMs, pauseMs, refused }: FaultRow): void {
  const { broken, lost } = report
  const lostCount = lost.prefix + lost.middle + lost.postfix + (broken.I2 ?? 0) + (broken.I3 ?? 0)
  const cells = [
    accepted,
    report.succeeded,
    report.deadLettered,
    report.cancelled,
    lostCount,
    broken.I4 ?? 0,
    broken.I7 ?? 0,
    broken.I6 ?? 0,
    report.repeatedSuccesses,
    refused,
    `${pauseMs} ms`,
    `${recoveryMs} ms`,
  ]
  console.log(`  ${`${id} ${name}`.padEnd(64)} ${cells.map((cell) => String(cell).padStart(9)).join(' ')}`)
  for (const { invariant, subject, detail } of report.violations.slice(0, 10))
    console.log(`      ${invariant} ${subject} ${detail}`)
  for (const difference of differences) console.log(`      read model: ${difference}`)
}
