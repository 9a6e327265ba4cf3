import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { usageError } from '../exit-codes.ts'

/** A row of a table, by the names of its columns; null: NULL. */
export type DumpRow = Record<string, string | null>

/**
 * Reads the rows of some tables from a dump that `pg_dump` has written as plain text (COPY … FROM stdin sections). Row by
 * row: a dump may be larger than memory.
 * @param tables Their names with schema, such as `public.endpoint`.
 * @returns the rows of each table that is there.
 * @throws {CliError} when the file can't be read, or has none of the tables.
 */
export async function readCopySections(file: string, tables: readonly string[]): Promise<Map<string, DumpRow[]>> {
  const found = new Map<string, DumpRow[]>()
  let section: { columns: string[]; rows: DumpRow[] | null } | null = null
  const input = createReadStream(file)
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  const failed = new Promise<never>((_, reject) => {
    input.once('error', (error) => reject(usageError(`${file} can't be read: ${error.message}`)))
  })
  const read = (async () => {
    for await (const line of lines) {
      if (section !== null) {
        if (line === '\\.') section = null
        else section.rows?.push(rowOf(line, section.columns))
        continue
      }
      const [, table, columns] = /^COPY (\S+) \((.*)\) FROM stdin;$/.exec(line) ?? []
      if (table === undefined) continue
      const name = table.replaceAll('"', '')
      const rows = tables.includes(name) ? (found.get(name) ?? []) : null
      if (rows !== null) found.set(name, rows)
      section = { columns: columns!.split(', ').map((column) => column.replaceAll('"', '')), rows }
    }
  })()
  await Promise.race([read, failed])
  if (found.size === 0)
    throw usageError(
      `${file} has none of the tables ${tables.join(', ')}. It must be plain text: pg_dump --format=plain (no --inserts).`,
    )
  return found
}

const ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

function rowOf(line: string, columns: readonly string[]): DumpRow {
  const values = line.split('\t').map((value) => (value === '\\N' ? null : plainText(value)))
  return Object.fromEntries(columns.map((column, i) => [column, values[i] ?? null]))
}

function plainText(value: string): string {
  return value.replace(/\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (/^x./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return /^[0-7]/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPES[code] ?? code)
  })
}
