import { parseArgs } from 'node:util'
import { redriveRun, replayRun } from './redrive-run.ts'

const HELP = `npm run test:redrive -- [--letters 5000] [--rate 500] [--events 100000] [--replay-rate 2000]

  Lets so many deliveries die for six causes, mends the receiver and redrives a part of them by a filter, with a kill -9 of jethook in
  the middle; then replays so many events into a new subscription beside live traffic, and cancels a second replay.`

const { values } = parseArgs({
  options: {
    letters: { type: 'string', default: '5000' },
    rate: { type: 'string', default: '500' },
    events: { type: 'string', default: '100000' },
    'replay-rate': { type: 'string', default: '2000' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(`${HELP}\n`)
else await run()

async function run(): Promise<void> {
  const report = (line: string) => console.log(`  ${line}`)
  const redrive = await redriveRun({ letters: Number(values.letters), ratePerSecond: Number(values.rate), report })
  const { wantedRate, rates } = redrive
  const isAtRate = rates.every((rate) => Math.abs(rate - wantedRate) <= wantedRate * 0.1)
  console.log(`
  dead letters             ${redrive.letters} in ${redrive.groups} groups, ${redrive.wrongGroups} of them with a wrong count
  redriven                 ${redrive.chosen}
  missing                  ${redrive.missing}
  sent without being asked ${redrive.notChosen}
  repeated by the kill     ${redrive.repeated}
  rate                     ${rates.map((rate) => rate.toFixed(0)).join('/s before, ')}/s after the kill, of ${wantedRate}/s
`)
  const replay = await replayRun({
    events: Number(values.events),
    ratePerSecond: Number(values['replay-rate']),
    quietSeconds: 10,
    report,
  })
  const ratio = replay.busyP99Ms / replay.quietP99Ms
  console.log(`
  replayed                 ${replay.events} in ${replay.seconds.toFixed(1)} s (${(replay.events / replay.seconds).toFixed(0)}/s of ${replay.ratePerSecond}/s)
  missing                  ${replay.missing}
  repeated                 ${replay.repeated}
  live p99                 ${replay.quietP99Ms} ms alone, ${replay.busyP99Ms} ms beside it: ${ratio.toFixed(2)} times
  stopped after            ${replay.stoppedAfterMs} ms (${replay.arrivedAfterCancel} more arrived)
`)
  const violations = [...redrive.violations, ...replay.violations]
  for (const { invariant, subject, detail } of violations) console.log(`  ${invariant}  ${subject} ${detail}`)
  const isRight =
    redrive.wrongGroups + redrive.missing + redrive.notChosen + replay.missing + replay.repeated + violations.length ===
    0
  process.exitCode = isRight && isAtRate && ratio <= 1.5 && replay.stoppedAfterMs <= 1_000 ? 0 : 1
}
