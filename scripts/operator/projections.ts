import { parseArgs } from 'node:util'
import { type RebuildProgress, rebuild } from '#projections/rebuild/rebuild.ts'
import { forget, rollback } from '#projections/rebuild/rollback.ts'
import { projectionsStatus } from '#projections/rebuild/status.ts'
import { compareRows } from '#scripts/verify/compare-rows.ts'
import { findServers } from '#scripts/verify/find-servers.ts'
import { loadSettings, SettingsError } from '#shared/runtime/config.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectAs, type Nats } from '#shared/runtime/nats.ts'
import { connectPostgres, migrate } from '#shared/runtime/postgres.ts'

const HELP = `npm run projections -- rebuild [name] [--fresh] [--replace] | verify | status | rollback [name] | forget

  rebuild    makes the rows of a projection (events, ledger, control, audit), or of all, anew from the streams, beside the live ones,
             compares both at the same sequence, and puts the new ones in place. What is broken off goes on where it was.
             --fresh    begins at the streams' first messages again
             --replace  puts the new rows in place also where the live ones differ from them
  verify     folds the streams anew and compares with the tables, row by row; code 1 when a row differs
  status     how far the live rows, a rebuild's and the kept ones have come
  rollback   puts the rows back that the last rebuild has replaced; a second one undoes it
  forget     drops the kept rows, and those of a rebuild that was broken off`

const PROGRESS_EVERY_MS = 5_000
const PROGRESS_EVERY_ON_TERMINAL_MS = 200
const STOPPED_CODE = 130

interface Wishes {
  nats: Nats
  databaseUrl: string
  name: string | undefined
  isFresh: boolean
  isReplacing: boolean
}

const COMMANDS: Record<string, (wishes: Wishes) => Promise<void>> = {
  rebuild: runRebuild,
  verify: runVerify,
  status: printStatus,
  async rollback(wishes) {
    for (const { name, seq } of await rollback(withName(wishes))) print(`${name}: the earlier rows are back, at ${seq}`)
  },
  async forget({ databaseUrl }) {
    await forget(databaseUrl)
    print('The kept rows are gone.')
  },
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stopping.abort(new Error('stopped: run it again, and it goes on where it was')))

try {
  await main()
} catch (error) {
  process.stderr.write(`\njethook: ${(error as Error).message}\n`)
  process.exitCode = stopping.signal.aborted ? STOPPED_CODE : 1
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      fresh: { type: 'boolean', default: false },
      replace: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const [name = '', ...names] = positionals
  const command = COMMANDS[name]
  if (values.help) return print(HELP)
  if (command === undefined || names.length > 1) throw new Error(`What is to be done?\n${HELP}`)
  const given = loadSettings(process.env)
  const { natsUrl, databaseUrl } = await findServers(given)
  if (databaseUrl === '') throw new SettingsError('Settings: DATABASE_URL is needed: it says where the rows are.')
  const settings = { ...given, NATS_URL: natsUrl }
  const nats = await connectAs('admin', { settings, name: 'projections', logger: createLogger('error') })
  try {
    await command({ nats, databaseUrl, name: names[0], isFresh: values.fresh, isReplacing: values.replace })
  } finally {
    await nats.connection.close()
  }
}

function withName<T extends { name: string | undefined }>({ name, ...others }: T) {
  return { ...others, ...(name === undefined ? {} : { name }) }
}

async function runRebuild(wishes: Wishes): Promise<void> {
  const orm = await connectPostgres(wishes.databaseUrl)
  await migrate(orm).finally(() => orm.close())
  const { facts, seconds, tables } = await rebuild({
    ...withName(wishes),
    signal: stopping.signal,
    onStep: (step) => process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}  ${step}\n`),
    onProgress: progressPrinter(),
  })
  for (const { table, rows, checksum, isAsBefore, difference } of tables) {
    const compared = isAsBefore === null ? 'not compared' : isAsBefore ? 'as before' : difference
    print(`  ${table.padEnd(18)} ${String(rows).padStart(10)} rows  checksum ${shortened(checksum)}  ${compared}`)
  }
  const rate = Math.round(facts / Math.max(seconds, 0.001))
  print(
    `Rebuilt: ${facts} facts in ${seconds.toFixed(1)} s (${rate}/s). The earlier rows are kept: jethook projections rollback`,
  )
}

function shortened(checksum: string): string {
  return BigInt.asUintN(64, BigInt(checksum)).toString(16).padStart(16, '0')
}

/** On a terminal one line that is written anew, else a line now and then. */
function progressPrinter(): (progress: RebuildProgress) => void {
  const isTerminal = process.stderr.isTTY === true
  const places = new Map<string, { seq: number; toSeq: number }>()
  let printedMs = 0
  return ({ projection, seq, toSeq, facts, seconds }) => {
    places.set(projection, { seq, toSeq })
    if (performance.now() - printedMs < (isTerminal ? PROGRESS_EVERY_ON_TERMINAL_MS : PROGRESS_EVERY_MS)) return
    printedMs = performance.now()
    const rate = facts / Math.max(seconds, 0.001)
    const left = [...places.values()].reduce((sum, each) => sum + Math.max(0, each.toSeq - each.seq), 0)
    const parts = [...places].map(([name, each]) => `${name} ${each.seq} of ${each.toSeq}`)
    const line = `  ${parts.join(', ')}: ${Math.round(rate)} facts/s, ${Math.ceil(left / rate)} s left`
    process.stderr.write(isTerminal ? `\r\x1b[K${line}` : `${line}\n`)
  }
}

async function runVerify({ nats, databaseUrl }: Wishes): Promise<void> {
  const differences = await compareRows({ nats, databaseUrl, isQuiet: false })
  for (const { subject, detail } of differences) print(`${subject} ${detail}`)
  if (differences.length === 0) print('The tables are what the streams come to.')
  else process.exitCode = 1
}

async function printStatus({ nats, databaseUrl }: Wishes): Promise<void> {
  const { isRebuilding, projections } = await projectionsStatus({ nats, databaseUrl })
  for (const { name, version, lastSeq, live, shadow, before } of projections) {
    const words = [
      live === null ? 'no rows yet' : `at ${live.seq} of ${lastSeq}, version ${live.version}`,
      live !== null && live.version !== version ? `this program makes version ${version}: rebuild needed` : '',
      shadow === null ? '' : `a rebuild is at ${shadow.seq}`,
      before === null ? '' : `earlier rows are kept (version ${before.version}, from ${before.seq} on)`,
    ]
    print(`${name.padEnd(8)} ${words.filter((each) => each !== '').join('; ')}`)
  }
  print(isRebuilding ? 'A rebuild is under way.' : 'No rebuild is under way.')
}
