import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createSecretBox } from '#shared/domain/secret-box.ts'
import { loadSettings, type Settings } from '#shared/runtime/config.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectAs } from '#shared/runtime/nats.ts'
import { readSecretKeys, secretKeyFile } from '#shared/runtime/secret-key.ts'
import { compareRows } from './compare-rows.ts'
import { findLeaks } from './find-leaks.ts'
import { findServers } from './find-servers.ts'
import { historiesOf } from './history.ts'
import { reportLines } from './print-report.ts'
import { compareReadModel } from './read-model.ts'
import { streamsOf } from './read-streams.ts'
import { readServerState } from './server-state.ts'
import { type ReceivedRequest, type Violation, verifyLedger } from './verify-ledger.ts'

const HELP = `npm run verify -- [--quiet] [--accepted FILE] [--received FILE] [--canaries FILE] [--json]

  Reads the streams of a running jethook from end to end, and its rows in Postgres, and checks what they promise.
  --quiet      nothing is under way: what is still open is lost
  --accepted   event ids that were answered 201, one a line, in the order of the answers
  --received   what receivers have answered: JSON lines {"eventId","subscriptionId","status","sha256",
               "signature":{"isValid","signedAtMs","arrivedAtMs"}}, the last one where receivers have looked
  --canaries   texts that must stand nowhere in clear, one a line; secrets that jethook knows are looked for in any case

  Ends with code 0 when every promise holds, 1 when one is broken, 2 when it could not be looked at.`

try {
  const { values } = parseArgs({
    options: {
      quiet: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      accepted: { type: 'string' },
      received: { type: 'string' },
      canaries: { type: 'string' },
    },
  })
  if (values.help) process.stdout.write(`${HELP}\n`)
  else await run(values)
} catch (error) {
  process.stderr.write(`jethook: ${(error as Error).message}\n`)
  process.exitCode = 2
}

interface Wishes {
  quiet: boolean
  json: boolean
  accepted?: string
  received?: string
  canaries?: string
}

async function run({ quiet: isQuiet, json: isJson, accepted, received, canaries }: Wishes): Promise<void> {
  const settings = loadSettings(process.env)
  const { natsUrl, databaseUrl } = await findServers(settings)
  const given = { accepted: await linesOf(accepted), canaries: await linesOf(canaries) }
  const requests = (await linesOf(received))?.map((line) => JSON.parse(line) as ReceivedRequest)
  const nats = await connectAs('admin', {
    settings: { ...settings, NATS_URL: natsUrl },
    name: 'verify',
    logger: createLogger('error'),
  })
  try {
    const report = await verifyLedger({
      ...streamsOf(nats),
      ...(given.accepted ? { accepted: given.accepted } : {}),
      ...(requests ? { received: requests } : {}),
      isQuiet,
      retriesMax: settings.MAX_RETRIES,
      cancelGraceMs: settings.DELIVERY_TIMEOUT_MS,
      serverState: () => readServerState(nats, isQuiet),
    })
    const violations = [...report.violations]
    if (databaseUrl !== '') violations.push(...(await compareRows({ nats, databaseUrl, isQuiet })))
    if (databaseUrl !== '' && isQuiet)
      violations.push(...(await compareReadModel(databaseUrl, report)).map(countedOtherwise))
    const hasKeys = await areKeysThere(settings)
    if (hasKeys) {
      const secretBox = createSecretBox(await readSecretKeys(settings))
      const logFolder = join(settings.JETHOOK_HOME, 'logs')
      const search = { nats, secretBox, databaseUrl, logFolder, canaries: given.canaries ?? [] }
      violations.push(...(await findLeaks(search)).violations)
    }
    const looked = {
      isQuiet,
      hasAccepted: accepted !== undefined,
      hasReceived: received !== undefined,
      hasRows: databaseUrl !== '',
      hasKeys,
    }
    if (isJson) process.stdout.write(`${JSON.stringify({ ...report, tenants: [...report.tenants], violations })}\n`)
    else {
      const histories = await historiesOf(violations, streamsOf(nats).ledger)
      for (const line of reportLines(report, violations, histories, looked)) process.stdout.write(`${line}\n`)
    }
    process.exitCode = violations.length > 0 ? 1 : 0
  } finally {
    await nats.connection.close()
  }
}

async function linesOf(file: string | undefined): Promise<string[] | undefined> {
  if (file === undefined) return undefined
  return (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
}

function countedOtherwise(detail: string): Violation {
  return { invariant: 'I17', subject: 'read model', detail }
}

/** Keys that are not there would be made. */
async function areKeysThere(settings: Settings): Promise<boolean> {
  if (settings.JETHOOK_SECRET_KEY !== '') return true
  return access(secretKeyFile(settings)).then(
    () => true,
    () => false,
  )
}
