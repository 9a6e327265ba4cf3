import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { loadSettings } from '#shared/runtime/config.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { findServers } from './find-servers.ts'
import { compareReadModel } from './read-model.ts'
import { streamsOf } from './read-streams.ts'
import { readServerState } from './server-state.ts'
import { INVARIANTS, type Invariant, type ReceivedRequest, verifyLedger } from './verify-ledger.ts'

const HELP = `npm run verify -- [--quiet] [--accepted FILE] [--received FILE] [--json]

  Reads the streams of a running jethook from end to end and checks what they promise.
  --quiet      nothing is under way: what is still open is lost
  --accepted   event ids that were answered 201, one a line, in the order of the answers
  --received   what receivers have answered: JSON lines {"eventId","subscriptionId","status","sha256",
               "signature":{"isValid","signedAtMs","arrivedAtMs"}}, the last one where receivers have looked`

const { values } = parseArgs({
  options: {
    quiet: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    accepted: { type: 'string' },
    received: { type: 'string' },
  },
})

if (values.help) process.stdout.write(`${HELP}\n`)
else await run()

async function run(): Promise<void> {
  const settings = loadSettings(process.env)
  const { natsUrl, databaseUrl } = await findServers(settings)
  const lines = async (file: string) => (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
  const nats = await connectNats(natsUrl, 'verify', createLogger('error'))
  try {
    const report = await verifyLedger({
      ...streamsOf(nats),
      ...(values.accepted ? { accepted: await lines(values.accepted) } : {}),
      ...(values.received
        ? { received: (await lines(values.received)).map((line) => JSON.parse(line) as ReceivedRequest) }
        : {}),
      isQuiet: values.quiet,
      retriesMax: settings.MAX_RETRIES,
      cancelGraceMs: settings.DELIVERY_TIMEOUT_MS,
      serverState: () => readServerState(nats, values.quiet),
    })
    const differences = values.quiet && databaseUrl ? await compareReadModel(databaseUrl, report) : []
    if (values.json) process.stdout.write(`${JSON.stringify({ ...report, differences })}\n`)
    else print(report, differences)
    process.exitCode = report.violations.length + differences.length > 0 ? 1 : 0
  } finally {
    await nats.connection.close()
  }
}

function print(report: Awaited<ReturnType<typeof verifyLedger>>, differences: readonly string[]): void {
  const { broken, violations, lost, ...counts } = report
  for (const [name, count] of Object.entries(counts)) console.log(`  ${name.padEnd(20)} ${count}`)
  console.log(`  ${'lost'.padEnd(20)} ${lost.prefix + lost.middle + lost.postfix}\n`)
  for (const [name, promise] of Object.entries(INVARIANTS)) {
    const count = broken[name as Invariant] ?? 0
    console.log(
      `  ${count === 0 ? 'holds ' : 'BROKEN'}  ${name.padEnd(4)} ${promise}${count === 0 ? '' : `: ${count} times`}`,
    )
  }
  for (const { invariant, subject, detail } of violations) console.log(`\n  ${invariant}  ${subject} ${detail}`)
  for (const difference of differences) console.log(`\n  read model  ${difference}`)
}
