import { parseArgs } from 'node:util'
import type { Violation } from '#scripts/verify/verify-ledger.ts'
import { redriveRun } from './redrive-run.ts'
import { replayRun } from './replay-run.ts'

const HELP = `npm run test:redrive -- [--letters 5000] [--rate 500] [--events 100000] [--replay-rate 250]

  Lets so many deliveries die for six causes, mends the receiver and redrives a part of them by a filter, with a kill -9 of jethook in
  the middle; then replays so many events into a new subscription beside live traffic, which runs alone for 10 s in turn with it, and
  cancels a second replay. --letters 0 or --events 0 leaves one of them out.`

const { values } = parseArgs({
  options: {
    letters: { type: 'string', default: '5000' },
    rate: { type: 'string', default: '500' },
    events: { type: 'string', default: '100000' },
    'replay-rate': { type: 'string', default: '250' },
    help: { type: 'boolean', default: false },
  },
})
/** Of the wanted rate, and of how late live events were without a replay. */
const RATE_MISSED_MAX = 0.1
const SLOWER_MAX = 1.5
const STOPPED_WITHIN_MS = 1_000
/** With and without the replay. */
const TURN_SECONDS = 10

if (values.help) process.stdout.write(`${HELP}\n`)
else {
  const isRight = [Number(values.letters) === 0 || (await redrive()), Number(values.events) === 0 || (await replay())]
  process.exitCode = isRight.every(Boolean) ? 0 : 1
}

function report(line: string): void {
  console.log(`  ${line}`)
}

async function redrive(): Promise<boolean> {
  const result = await redriveRun({ letters: Number(values.letters), ratePerSecond: Number(values.rate), report })
  const { wantedRate, rates } = result
  console.log(`
  dead letters             ${result.letters} of ${result.causes} causes in ${result.groups} groups
  wrong groups             ${result.wrongGroups.length}${result.wrongGroups.map((line) => `\n    ${line}`).join('')}
  chosen for a redrive     ${result.chosen}, of which the events of ${result.expired} are gone
  missing                  ${result.missing}
  sent without being asked ${result.notChosen}
  repeated by the kill     ${result.repeated} of ${result.underWay} under way
  rate                     ${rates.map((rate) => rate.toFixed(0)).join('/s before, ')}/s after the kill, of ${wantedRate}/s
`)
  tellViolations(result.violations)
  const isAtRate = rates.every((rate) => Math.abs(rate - wantedRate) <= wantedRate * RATE_MISSED_MAX)
  const wrong = result.wrongGroups.length + result.missing + result.notChosen + result.violations.length
  return isAtRate && wrong === 0 && result.repeated <= result.underWay
}

async function replay(): Promise<boolean> {
  const events = Number(values.events)
  const ratePerSecond = Number(values['replay-rate'])
  const result = await replayRun({ events, ratePerSecond, turnSeconds: TURN_SECONDS, report })
  const { quiet, busy } = result
  const ratio = busy.p99Ms / quiet.p99Ms
  console.log(`
  replayed                 ${events} in ${result.seconds.toFixed(1)} s (${(events / result.seconds).toFixed(0)}/s of ${ratePerSecond}/s)
  missing                  ${result.missing}
  repeated                 ${result.repeated}
  live events              ${quiet.count} alone, ${busy.count} beside it
  live p50                 ${quiet.p50Ms} ms alone, ${busy.p50Ms} ms beside it
  live p99                 ${quiet.p99Ms} ms alone, ${busy.p99Ms} ms beside it: ${ratio.toFixed(2)} times
  stopped after            ${result.stoppedAfterMs} ms (${result.arrivedAfterCancel} more arrived)
`)
  tellViolations(result.violations)
  const wrong = result.missing + result.repeated + result.violations.length
  return wrong === 0 && ratio <= SLOWER_MAX && result.stoppedAfterMs <= STOPPED_WITHIN_MS
}

function tellViolations(violations: readonly Violation[]): void {
  for (const { invariant, subject, detail } of violations) console.log(`  ${invariant}  ${subject} ${detail}`)
}
