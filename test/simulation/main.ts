import { parseArgs } from 'node:util'
import { FAULT_NAMES } from './plan.ts'
import { runSeeds, type SeedRow } from './run-seeds.ts'

const HELP = `npm run simulate -- [--seeds N] [--from SEED] [--seed SEED [--trace]]

  Runs jethook's own code against in-memory servers with faults by seed, and checks every promise.
  --seeds  how many runs (default 5000)
  --from   the first seed (default 1)
  --seed   this one alone, with the history of what went wrong
  --trace  and with everything that happened`

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const COLUMNS = [
  'accepted',
  'attempts',
  'delivered',
  'dead',
  'cancelled',
  'lost',
  'phantom',
  'early',
  'overMax',
  'repeated',
] as const
const PROGRESS_EVERY = 250

if (values.help) process.stdout.write(`${HELP}\n`)
else await run()

async function run(): Promise<void> {
  const count = values.seed === undefined ? Number(values.seeds) : 1
  const from = Number(values.seed ?? values.from)
  const rows: SeedRow[] = []
  const startedMs = performance.now()
  await runSeeds({
    from,
    count,
    isTraced: values.trace,
    onRow(row) {
      rows.push(row)
      if (values.trace) for (const line of row.history) console.log(line)
      if (row.complaints.length > 0) printFailure(row)
      if (rows.length % PROGRESS_EVERY === 0 && process.stderr.isTTY)
        process.stderr.write(`\r  ${rows.length} of ${count} seeds`)
      return true
    },
  })
  printTable(rows)
  const seconds = (performance.now() - startedMs) / 1_000
  const attempts = rows.reduce((sum, row) => sum + row.attempts, 0)
  const broughtBack = rows.reduce((sum, row) => sum + row.broughtBack, 0)
  console.log(
    `\n  ${rows.length} seeds, ${attempts} attempts in ${seconds.toFixed(0)} s; the reconciler brought back ${broughtBack}`,
  )
  process.exitCode = rows.some((row) => row.complaints.length > 0) ? 1 : 0
}

function printFailure({ seed, faults, complaints, history }: SeedRow): void {
  console.log(`\n  seed ${seed} (${faults.join(', ')}); again: npm run simulate -- --seed ${seed}`)
  for (const complaint of complaints.slice(0, 10)) console.log(`    ${complaint}`)
  if (values.seed !== undefined && !values.trace) for (const line of history) console.log(`      ${line}`)
}

/** A line for each kind of trouble: the sum over the seeds that had it. */
function printTable(rows: readonly SeedRow[]): void {
  console.log(`\n  ${['fault'.padEnd(30), 'runs', ...COLUMNS].map((head) => head.padStart(9)).join(' ')}`)
  const kinds = [...FAULT_NAMES.map((name) => [name, rows.filter((row) => row.faults.includes(name))] as const)]
  for (const [name, some] of [...kinds, ['none', rows.filter(({ faults }) => faults.length === 0)] as const]) {
    const cells = [some.length, ...COLUMNS.map((column) => some.reduce((sum, row) => sum + row[column], 0))]
    console.log(`  ${name.padEnd(30)} ${cells.map((cell) => String(cell).padStart(9)).join(' ')}`)
  }
}
