import type pg from 'pg'
import type { Part } from './parts.ts'
import { quoted, SHADOW } from './schemas.ts'

/** What a table has come to. */
export interface TableFigures {
  table: string
  rows: number
  /** Of all rows, in whatever order. */
  checksum: string
  /** Null: not compared, since the live rows are of another version or stream. */
  isAsBefore: boolean | null
  /** Where it differs from the live table; null: nowhere, or not compared. */
  difference: string | null
}

/** What must hold in any read model. */
const LAWS: Record<string, Record<string, string>> = {
  events: {
    'more events than were counted': `SELECT 1 WHERE (SELECT count(*) FROM ${SHADOW}.events) > (SELECT coalesce(sum(amount), 0) FROM ${SHADOW}.event_counts)`,
  },
  ledger: {
    'attempts without a delivery': `SELECT 1 FROM ${SHADOW}.attempts a WHERE NOT EXISTS (
      SELECT FROM ${SHADOW}.deliveries d WHERE d.delivery_id = a.delivery_id)`,
    'attempts whose response is missing': `SELECT 1 FROM ${SHADOW}.attempts a WHERE a.response_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM ${SHADOW}.responses r WHERE r.response_id = a.response_id)`,
    'dead letters of deliveries that have not ended so': `SELECT 1 FROM ${SHADOW}.dead_letters l WHERE NOT EXISTS (
      SELECT FROM ${SHADOW}.deliveries d WHERE d.delivery_id = l.delivery_id AND d.status IN ('dead-lettered', 'cancelled'))`,
  },
}

/** @returns what is wrong with the new rows in themselves, each a few words. */
export async function brokenLaws(client: pg.Client, part: Part): Promise<string[]> {
  const broken: string[] = []
  for (const [words, sql] of Object.entries(LAWS[part.name] ?? {})) {
    const { rowCount } = await client.query(`${sql} LIMIT 1`)
    if (rowCount !== 0) broken.push(words)
  }
  return broken
}

/** Counts and checksums of the new tables and, at one moment and one sequence, of the live ones. */
export async function compareTables(
  client: pg.Client,
  { live, isComparable }: { live: string; isComparable: boolean },
  part: Part,
): Promise<TableFigures[]> {
  const found: TableFigures[] = []
  for (const table of part.tables) {
    const figures = await figuresOf(client, SHADOW, table)
    const before = isComparable ? await figuresOf(client, live, table) : null
    const isAsBefore = before && before.rows === figures.rows && before.checksum === figures.checksum
    const difference = isAsBefore === false ? await differenceOf(client, live, table) : null
    found.push({ table, ...figures, isAsBefore, difference })
  }
  return found
}

async function figuresOf(
  client: pg.Client,
  schema: string,
  table: string,
): Promise<{ rows: number; checksum: string }> {
  const { rows } = await client.query<{ rows: string; checksum: string }>(
    `SELECT count(*) AS rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text AS checksum
     FROM ${schema === SHADOW ? SHADOW : quoted(schema)}.${quoted(table)} t`,
  )
  return { rows: Number(rows[0]!.rows), checksum: rows[0]!.checksum }
}

/** Names of columns and keys only: what stands in them may be nobody's business. */
async function differenceOf(client: pg.Client, live: string, table: string): Promise<string> {
  const { rows: keys } = await client.query<{ name: string }>(
    `SELECT a.attname AS name FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
     WHERE i.indrelid = to_regclass($1) AND i.indisprimary ORDER BY a.attnum`,
    [`${SHADOW}.${quoted(table)}`],
  )
  const key = keys.map(({ name }) => quoted(name)).join(', ')
  const { rows } = await client.query<{ new_row: Row | null; old_row: Row | null; key: string; total: string }>(
    `SELECT to_jsonb(n) AS new_row, to_jsonb(o) AS old_row, concat_ws(' ', ${key}) AS key, count(*) OVER () AS total
     FROM ${SHADOW}.${quoted(table)} n FULL JOIN ${quoted(live)}.${quoted(table)} o USING (${key})
     WHERE to_jsonb(n) IS DISTINCT FROM to_jsonb(o) ORDER BY ${key} LIMIT 1`,
  )
  const [first] = rows
  if (first === undefined) return 'the checksums differ'
  return `${first.total} rows differ, the first is ${first.key}: ${howTheyDiffer(first.new_row, first.old_row)}`
}

type Row = Record<string, unknown>

function howTheyDiffer(made: Row | null, live: Row | null): string {
  if (live === null) return 'missing in the live table'
  if (made === null) return 'in the live table only, no fact calls for it'
  const columns = Object.keys(made).filter((column) => JSON.stringify(made[column]) !== JSON.stringify(live[column]))
  return `differs in ${columns.join(', ')}`
}
