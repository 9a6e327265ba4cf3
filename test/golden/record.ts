import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JsMsg } from '@nats-io/jetstream'
import pg from 'pg'
import { CONTROL_TYPES } from '#shared/facts/control.ts'
import { LEDGER_TYPES } from '#shared/facts/ledger.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { connectPostgres, migrate } from '#shared/runtime/postgres.ts'
import { STREAM_NAMES, type StreamName } from '#shared/runtime/streams.ts'
import { JETHOOK_VERSION } from '#shared/runtime/version.ts'
import { startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { foldGolden, GOLDEN, type GoldenMessage } from './log.ts'
import { playScenario, SCENARIO_SETTINGS } from './scenario.ts'

/**
 * `npm run golden`: records what this release writes into its streams, and what it makes of that, for all later releases to
 * read. Done once, when a release is made; never anew for one that is out.
 */

const READ_LIMIT_MS = 10_000

const stack = await startStack(SCENARIO_SETTINGS)
const nats = await connectNats(stack.servers.natsUrl, 'golden', createLogger('warn'))
try {
  await playScenario(stack)
  let missing: string[] = []
  await until('every kind of fact', async () => {
    missing = await missingKinds()
    return missing.length === 0
  }).catch(() => {
    throw new Error(`the scenario makes no fact of the kinds ${missing.join(', ')}`)
  })
  const folder = join(GOLDEN, JETHOOK_VERSION)
  await mkdir(folder, { recursive: true })
  const read = new Map<StreamName, GoldenMessage[]>()
  for (const stream of Object.values(STREAM_NAMES)) {
    const messages = await readAll(stream)
    read.set(stream, messages)
    if (stream === STREAM_NAMES.inbox) continue
    await writeFile(join(folder, `${stream}.jsonl`), messages.map((each) => `${JSON.stringify(each)}\n`).join(''))
  }
  const state = await inEmptyReadModel((client) => foldGolden(client, async (stream) => read.get(stream) ?? []))
  await writeFile(join(folder, 'state.json'), `${JSON.stringify(state, null, 1)}\n`)
  process.stdout.write(`recorded in ${folder}\n`)
} finally {
  await nats.connection.close()
  await stack.close()
}

async function missingKinds(): Promise<string[]> {
  const kindsOf = async (stream: StreamName) =>
    new Set((await readAll(stream)).map(({ text }) => (JSON.parse(text) as { type: string }).type))
  const [ledger, control] = [await kindsOf('LEDGER'), await kindsOf('CONTROL')]
  return [
    ...[...LEDGER_TYPES].filter((kind) => !ledger.has(kind)),
    ...CONTROL_TYPES.filter((kind) => !control.has(kind)),
  ]
}

async function readAll(stream: StreamName): Promise<GoldenMessage[]> {
  const { state } = await nats.jsm.streams.info(stream)
  const messages: GoldenMessage[] = []
  if (state.messages === 0) return messages
  const consumer = await nats.js.consumers.get(stream, { opt_start_seq: 1 })
  const batch = await consumer.consume({ max_messages: 1_000 })
  const timer = setTimeout(() => batch.stop(), READ_LIMIT_MS)
  for await (const message of batch) {
    messages.push(goldenOf(message))
    if (message.seq >= state.last_seq || message.info.pending === 0) break
  }
  clearTimeout(timer)
  return messages
}

function goldenOf(message: JsMsg): GoldenMessage {
  const headers = Object.fromEntries([...(message.headers ?? [])].map(([name, values]) => [name, values[0] ?? '']))
  return { seq: message.seq, subject: message.subject, headers, text: message.string() }
}

async function inEmptyReadModel<T>(ask: (client: pg.Client) => Promise<T>): Promise<T> {
  const url = new URL(stack.servers.databaseUrl)
  const admin = new pg.Client({ connectionString: url.href })
  await admin.connect()
  await admin.query('CREATE DATABASE golden')
  await admin.end()
  url.pathname = '/golden'
  const orm = await connectPostgres(url.href)
  await migrate(orm)
  await orm.close()
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    return await ask(client)
  } finally {
    await client.end()
  }
}
