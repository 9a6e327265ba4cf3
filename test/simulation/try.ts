import { simulate } from './simulate.ts'
import { realNowMs } from './virtual-time.ts'

const from = Number(process.argv[2] ?? 1),
  n = Number(process.argv[3] ?? 10)
const t0 = realNowMs()
let bad = 0,
  attempts = 0,
  steps = 0,
  vt = 0
for (let seed = from; seed < from + n; seed++) {
  const r = await simulate(seed)
  attempts += r.report.attempts
  steps += r.steps
  vt += r.tookMs
  if (r.complaints.length || r.report.violations.length) {
    bad++
    if (bad < 8)
      console.log(seed, r.faults.join(','), r.accepted, r.tookMs, r.complaints, r.report.violations.slice(0, 3))
  }
}
console.log({ n, bad, attempts, steps, vt: vt / n, ms: Math.round(realNowMs() - t0) })
process.exit(0)
