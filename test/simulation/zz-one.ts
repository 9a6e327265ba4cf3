import { simulate } from './simulate.ts'

const r = await simulate(Number(process.argv[2]), (l) => console.log(l.slice(0, 600)))
console.log(r.complaints, JSON.stringify(r.report.violations.slice(0, 3)))
process.exit(0)
