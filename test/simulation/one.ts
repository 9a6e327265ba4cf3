import { simulate } from './simulate.ts'

const r = await simulate(Number(process.argv[2]), (line) => console.log(line.slice(0, 700)))
console.log(r.faults.join(','), r.complaints, r.report.violations.slice(0, 6))
process.exit(0)
