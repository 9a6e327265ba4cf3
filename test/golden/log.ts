import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { JsMsg } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import type pg from 'pg'
import { PARTS } from '#projections/rebuild/parts.ts'
import { createRegistry } from '#shared/domain/registry.ts'
import { decodeControlFact } from '#shared/facts/control.ts'
import type { StreamName } from '#shared/runtime/streams.ts'

export const GOLDEN = fileURLToPath(new URL('.', import.meta.url))

/** A message as a release has stored it: one line of `<release>/<stream>.jsonl`. */
export interface GoldenMessage {
  seq: number
  subject: string
  headers?: Record<string, string>
  text: string
}

/** What a release made of its streams. */
export interface GoldenState {
  /** Rows of each table of the read model, as text, in order. */
  rows: Record<string, string[]>
  /** What the registry held, by kind. */
  registry: Record<string, unknown>
}

export async function readGolden(release: string, stream: StreamName): Promise<GoldenMessage[]> {
  const text = await readFile(join(GOLDEN, release, `${stream}.jsonl`), 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as GoldenMessage)
}

/** What today's projections and registry make of the streams. @param client Of an empty read model, which is left empty. */
export async function foldGolden(
  client: pg.Client,
  read: (stream: StreamName) => Promise<GoldenMessage[]>,
): Promise<GoldenState> {
  const rows: GoldenState['rows'] = {}
  for (const { tables, projections } of PARTS) {
    await client.query('BEGIN')
    for (const projection of projections) {
      const write = await projection.begin(client)
      await write((await read(projection.stream)).map(messageOf))
    }
    for (const table of tables) rows[table] = await rowsOf(client, table)
    await client.query('ROLLBACK')
  }
  const registry = createRegistry()
  for (const { seq, text } of await read('CONTROL')) registry.evolve(decodeControlFact(text), seq)
  return { rows, registry: registryStates(registry) }
}

/** Sorted here, since a database sorts by its own locale. */
async function rowsOf(client: pg.Client, table: string): Promise<string[]> {
  const found = await client.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${table} t`)
  return found.rows.map(({ row }) => row).sort()
}

function registryStates(registry: ReturnType<typeof createRegistry>): GoldenState['registry'] {
  const of = (map: ReadonlyMap<unknown, unknown>) => [...map].map(([key, value]) => JSON.stringify([key, value])).sort()
  const { organizations, applications, subscriptions, serviceTokens, receivers, handshakes, lanes } = registry
  return {
    organizations: of(organizations),
    applications: of(applications),
    subscriptions: of(subscriptions),
    serviceTokens: of(serviceTokens),
    receivers: of(receivers),
    handshakes: of(handshakes),
    lanes: of(lanes),
  }
}

function messageOf({ seq, subject, headers: given = {}, text }: GoldenMessage): JsMsg {
  const made = headers()
  for (const [name, value] of Object.entries(given)) made.set(name, value)
  const data = Buffer.from(text, 'utf8')
  return { seq, subject, headers: made, data, string: () => text } as unknown as JsMsg
}
