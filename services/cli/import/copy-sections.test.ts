import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readCopySections } from './copy-sections.ts'

async function withFile<T>(text: string, use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'jethook-dump-'))
  try {
    await writeFile(join(folder, 'dump.sql'), text)
    return await use(join(folder, 'dump.sql'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('rows come by the names of their columns, escapes and NULL read, other tables passed over', async () => {
  const dump = [
    'SET client_encoding = UTF8;',
    'COPY public.other (a) FROM stdin;',
    'COPY public.wanted (a) FROM stdin;',
    '\\.',
    'COPY public.wanted (id, "text", none) FROM stdin;',
    '1\ttab\\tline\\nback\\\\slash\\x41\\101\t\\N',
    '2\t\tü',
    '\\.',
    'SELECT 1;',
  ].join('\n')
  const found = await withFile(dump, (file) => readCopySections(file, ['public.wanted']))
  assert.deepEqual(Object.fromEntries(found), {
    'public.wanted': [
      { id: '1', text: 'tab\tline\nback\\slashAA', none: null },
      { id: '2', text: '', none: 'ü' },
    ],
  })
})

test('a dump without the tables, or no file at all, is refused with what to do', async () => {
  await assert.rejects(
    withFile('INSERT INTO x VALUES (1);', (file) => readCopySections(file, ['public.wanted'])),
    /pg_dump --format=plain/,
  )
  await assert.rejects(readCopySections('/nowhere/dump.sql', ['x']), /can't be read/)
})
