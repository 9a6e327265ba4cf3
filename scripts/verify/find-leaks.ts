import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { JsMsg } from '@nats-io/jetstream'
import pg from 'pg'
import type { SecretBox } from '#shared/domain/secret-box.ts'
import { decodeControlFact } from '#shared/facts/control.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import { messagesOf } from './read-streams.ts'
import { createSecretSearch, type SecretSearch, secretTextsOf } from './secret-search.ts'
import type { Violation } from './verify-ledger.ts'

export interface FindLeaksOptions {
  nats: Nats
  /** Opens what CONTROL holds sealed. */
  secretBox: SecretBox
  /** Texts of one's own that must be nowhere. */
  canaries?: readonly string[]
  /** Empty: not searched. */
  databaseUrl: string
  /** Of the embedded servers; one that isn't there is not searched. */
  logFolder: string
}

const LEAKS_MAX = 100
const FETCH_ROWS = 5_000
const LINE_FEED = 0x0a

/** I18: looks for every secret that CONTROL holds sealed, in clear, in streams, rows and logs. Payloads are the customer's. */
export async function findLeaks(options: FindLeaksOptions): Promise<{ secrets: number; violations: Violation[] }> {
  const { nats, secretBox, canaries = [], databaseUrl, logFolder } = options
  const sealed = await sealedSecrets(nats, secretBox)
  const own = canaries.map((text, i) => ({ owner: `canary ${i + 1}`, text }))
  const search = createSecretSearch([...sealed, ...own])
  const violations: Violation[] = []
  const note = (subject: string, owner: string) => {
    if (violations.length === LEAKS_MAX) return
    violations.push({ invariant: 'I18', subject, detail: `holds a secret of ${owner} in clear` })
  }
  for (const stream of Object.values(STREAM_NAMES))
    for await (const message of messagesOf(nats, stream)) {
      const owner = search.find(clearTextOf(stream, message))
      if (owner !== null) note(`${stream} ${message.seq}`, owner)
    }
  if (databaseUrl !== '') await searchRows(databaseUrl, search, note)
  await searchLogs(logFolder, search, note)
  return { secrets: search.size, violations }
}

async function sealedSecrets(nats: Nats, secretBox: SecretBox): Promise<{ owner: string; text: string }[]> {
  const found: { owner: string; text: string }[] = []
  for await (const message of messagesOf(nats, STREAM_NAMES.control)) {
    const fact = decodeControlFact(message.string())
    if (!('sealed' in fact)) continue
    const owner = `${fact.type}:${ownerIdOf(fact)}`
    for (const text of secretTextsOf(secretBox.open(fact.sealed, owner))) found.push({ owner, text })
  }
  return found
}

type SealedFact = Extract<ReturnType<typeof decodeControlFact>, { sealed: string }>

function ownerIdOf(fact: SealedFact): string {
  switch (fact.type) {
    case 'application_secret':
      return fact.lookup
    case 'service_token':
      return fact.tokenId
    case 'subscription':
      return fact.subscriptionId
  }
}

/** Subject, headers and body; of an event the envelope alone. */
function clearTextOf(stream: string, message: JsMsg): string {
  const { data } = message
  const end = stream === STREAM_NAMES.events ? data.indexOf(LINE_FEED) : -1
  const body = Buffer.from(data.buffer, data.byteOffset, end < 0 ? data.length : end).toString()
  const headers = message.headers ? message.headers.keys().map((name) => message.headers!.get(name)) : []
  return [message.subject, ...headers, body].join('\n')
}

type Note = (subject: string, owner: string) => void

/** Bodies of answers are bytes and the receiver's: they are shown as hexadecimal, in which nothing is found. */
async function searchRows(databaseUrl: string, search: SecretSearch, note: Note): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      'SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()',
    )
    for (const { name } of tables) {
      await client.query('BEGIN')
      await client.query(`DECLARE rows CURSOR FOR SELECT t::text AS text FROM "${name}" t`)
      let count = 0
      do {
        const { rows } = await client.query<{ text: string }>(`FETCH ${FETCH_ROWS} FROM rows`)
        count = rows.length
        for (const { text } of rows) {
          const owner = search.find(text)
          if (owner !== null) note(`a row of ${name}`, owner)
        }
      } while (count === FETCH_ROWS)
      await client.query('ROLLBACK')
    }
  } finally {
    await client.end()
  }
}

async function searchLogs(folder: string, search: SecretSearch, note: Note): Promise<void> {
  const files = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const file of files.filter((each) => each.isFile())) {
    const path = join(folder, file.name)
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const owner = search.find(line)
      if (owner !== null) note(path, owner)
    }
  }
}
