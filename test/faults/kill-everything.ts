import { killRun } from './kill-run.ts'

/** `npm run test:kill [-- EVENTS]`: the promise that nothing acknowledged is lost, at its full size. */
const events = Number(process.argv[2] ?? 10_000)
const result = await killRun({ events, connections: 64, report: (line) => console.log(`  ${line}`) })
console.log(`
  accepted (answered 201)      ${result.accepted}
  lost                         ${result.lost.length}
  missing in the attempt log   ${result.notInLog.length}
  dead letters                 ${result.deadLetters}
  requests at the receiver     ${result.requests}
  repeated after a success     ${result.repeated}
  promises broken              ${result.verified.violations.length}
  read model differs in        ${result.differences.length}
  seconds                      ${result.seconds.toFixed(1)}`)
for (const { invariant, subject, detail } of result.verified.violations)
  console.log(`  ${invariant} ${subject} ${detail}`)
for (const difference of result.differences) console.log(`  ${difference}`)
const isWhole = result.verified.violations.length === 0 && result.differences.length === 0
process.exitCode = isWhole && result.lost.length === 0 && result.notInLog.length === 0 ? 0 : 1
