import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { type EmbeddedServers, startEmbeddedServers } from '#scripts/embedded/servers.ts'
import { CONTROL_TYPES, decodeControlFact } from '#shared/facts/control.ts'
import { decodeEvent } from '#shared/facts/event.ts'
import { decodeLedgerFact, LEDGER_TYPES } from '#shared/facts/ledger.ts'
import { decodeDueAttempt, decodeHeadNote, decodePostponedDue } from '#shared/facts/waiting.ts'
import { connectPostgres, migrate } from '#shared/runtime/postgres.ts'
import { JETHOOK_VERSION } from '#shared/runtime/version.ts'
import { foldGolden, GOLDEN, type GoldenState, readGolden } from './log.ts'

const entries = await readdir(GOLDEN, { withFileTypes: true })
const releases = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)

let home: string
let servers: EmbeddedServers
let client: pg.Client

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'jethook-golden-'))
  servers = await startEmbeddedServers({ home, natsUrl: 'nats://not.needed' })
  const orm = await connectPostgres(servers.databaseUrl)
  await migrate(orm)
  await orm.close()
  client = new pg.Client({ connectionString: servers.databaseUrl })
  await client.connect()
})
after(async () => {
  await client?.end()
  await servers?.stop()
  await rm(home, { recursive: true, force: true })
})

test('there is a golden log of every release, this one included', () => {
  assert.ok(releases.includes(JETHOOK_VERSION), `npm run golden records ${JETHOOK_VERSION}`)
})

for (const release of releases) {
  test(`every message that ${release} has written can be read`, async () => {
    const [ledger, control, events, waiting] = await Promise.all(
      (['LEDGER', 'CONTROL', 'EVENTS', 'WAITING'] as const).map((stream) => readGolden(release, stream)),
    )
    const ledgerKinds = new Set(ledger!.map(({ text }) => decodeLedgerFact(text).type))
    const controlKinds = new Set(control!.map(({ text }) => decodeControlFact(text).type))
    for (const { text } of events!) assert.ok(decodeEvent(Buffer.from(text)).event.eventId)
    for (const { subject, text } of waiting!) readWaiting(subject, text)
    assert.ok(events!.length > 5 && waiting!.length > 0)
    // A kind that came later is not in an older log.
    if (release !== JETHOOK_VERSION) return
    assert.deepEqual([...ledgerKinds].sort(), [...LEDGER_TYPES].sort())
    assert.deepEqual([...controlKinds].sort(), CONTROL_TYPES.toSorted())
  })

  test(`what ${release} has written comes to what it came to then`, async () => {
    const expected = JSON.parse(await readFile(join(GOLDEN, release, 'state.json'), 'utf8')) as GoldenState
    const actual = await foldGolden(client, (stream) => readGolden(release, stream))
    for (const [table, rows] of Object.entries(expected.rows)) {
      const found = actual.rows[table]
      assert.ok(found !== undefined, `there is no table ${table} any more: docs/upgrades.md`)
      assert.deepEqual(found.map(parsed).map(among(rows)), rows.map(parsed), table)
    }
    for (const [kind, states] of Object.entries(expected.registry))
      assert.deepEqual(parsedAll(actual.registry[kind]), parsedAll(states), kind)
  })
}

const parsed = (row: string): Record<string, unknown> => JSON.parse(row) as Record<string, unknown>
const parsedAll = (states: unknown) => (states as string[]).map(parsed)

/** A column that came later is not compared: expand, then contract. */
function among(rows: readonly string[]) {
  const columns = new Set(rows.flatMap((row) => Object.keys(parsed(row))))
  return (row: Record<string, unknown>) => Object.fromEntries(Object.entries(row).filter(([name]) => columns.has(name)))
}

function readWaiting(subject: string, text: string): void {
  if (text === '') return
  if (subject.startsWith('parked.head.')) decodeHeadNote(text)
  else if (subject.startsWith('wait.postponed.') || subject === 'due.postponed') decodePostponedDue(text)
  else if (subject.split('.').length > 3 || subject.startsWith('due.')) decodeDueAttempt(text)
}
