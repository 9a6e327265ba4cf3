import { parseArgs } from 'node:util'
import { openClusterBench } from './cluster-bench.ts'
import { CLUSTER_FAULTS } from './cluster-faults.ts'
import { openBench } from './fault-bench.ts'
import { HEADS, recoverySummary, rowLines, tableLine } from './fault-table.ts'
import { FAULTS } from './faults.ts'
import { runFault } from './run-fault.ts'

/**
 * `npm run faults [-- --cluster] [--runs N] [ID …]`: each fault on servers of its own, N times one after the other, and a table
 * of what became of the events. Ends with code 1 when a promise is broken.
 */
const { values, positionals: wanted } = parseArgs({
  options: { cluster: { type: 'boolean', default: false }, runs: { type: 'string', default: '1' } },
  allowPositionals: true,
})
const runs = Number(values.runs)
if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs must be a whole number from 1 on')
const faults = values.cluster
  ? CLUSTER_FAULTS.map((fault) => ({ ...fault, run: () => runFault(fault, openClusterBench, runs) }))
  : FAULTS.map((fault) => ({ ...fault, run: () => runFault(fault, openBench, runs) }))
const unknown = wanted.filter((id) => !faults.some((fault) => fault.id === id))
if (unknown.length > 0)
  throw new Error(`there is no fault ${unknown.join(', ')}; there are ${faults.map(({ id }) => id).join(', ')}`)

console.log(`\n${tableLine(HEADS)}`)
let isWhole = true
const recoveriesMs: number[] = []
for (const { id, name, run } of faults) {
  if (wanted.length > 0 && !wanted.includes(id)) continue
  try {
    const row = await run()
    isWhole &&= row.report.violations.length === 0 && row.differences.length === 0
    recoveriesMs.push(...row.recoveriesMs)
    for (const line of rowLines(row)) console.log(line)
  } catch (error) {
    isWhole = false
    console.log(`  ${id} ${name}: ${(error as Error).stack}`)
  }
}
console.log(`\n${recoverySummary(recoveriesMs)}`)
process.exitCode = isWhole ? 0 : 1
