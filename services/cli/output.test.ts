import assert from 'node:assert/strict'
import { Readable, Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { createOutput, type OutputFormat } from './output.ts'
import { hasColours, type Terminal } from './terminal.ts'

function printed(
  use: (output: ReturnType<typeof createOutput>) => void,
  format: OutputFormat = 'table',
  more: Partial<Terminal> = {},
): string {
  let text = ''
  const stdout = Object.assign(
    new Writable({
      write(chunk: Buffer, _, done) {
        text += chunk.toString('utf8')
        done()
      },
    }),
    { isTTY: false },
  )
  const terminal = {
    stdin: Readable.from([]),
    stdout,
    stderr: stdout,
    environment: {},
    stopping: new AbortController().signal,
    ...more,
  }
  use(createOutput(terminal, format, true))
  return text
}

const ITEMS = [
  { id: 'a', names: ['x', 'y'], map: { k: 'v' }, none: null },
  { id: 'longer', names: [], map: {}, none: null },
]
const COLUMNS = {
  ID: ({ id }: (typeof ITEMS)[number]) => id,
  NAMES: ({ names }: (typeof ITEMS)[number]) => names,
  MAP: ({ map }: (typeof ITEMS)[number]) => map,
}

describe('output', () => {
  test('a list is a table for people, and all of it for programs', () => {
    assert.equal(
      printed((output) => output.list(ITEMS, COLUMNS)),
      'ID      NAMES  MAP\na       x, y   k=v\nlonger\n',
    )
    assert.deepEqual(JSON.parse(printed((output) => output.list(ITEMS, COLUMNS), 'json')), ITEMS)
    assert.equal(
      printed((output) => output.list([{ a: 1 }], {}), 'yaml'),
      '- a: 1\n',
    )
    assert.equal(
      printed((output) => output.list([], COLUMNS, 'None.')),
      'None.\n',
    )
    assert.equal(
      printed((output) => output.list([], COLUMNS), 'json'),
      '[]\n',
    )
  })

  test('what is said to a person is left out where a program reads', () => {
    assert.equal(
      printed((output) => output.say('Done.'), 'json'),
      '',
    )
  })

  test('what others have written does not steer the terminal', () => {
    const text = printed((output) => output.item({}, { A: () => 'x\u001b]0;title\u0007\u001b[2Jy\u009b2J' }))
    assert.equal(text, 'A  x�]0;title��[2Jy�2J\n')
  })

  test('colours are for terminals, unless NO_COLOR says otherwise', () => {
    const of = (isTTY: boolean, environment: Record<string, string> = {}, isWanted = true) => {
      const stdout = Object.assign(new Writable(), { isTTY })
      return hasColours(
        { stdin: Readable.from([]), stdout, stderr: stdout, environment, stopping: new AbortController().signal },
        isWanted,
      )
    }
    assert.deepEqual(
      [
        of(true),
        of(false),
        of(true, { NO_COLOR: '1' }),
        of(true, {}, false),
        of(true, { TERM: 'dumb' }),
        of(false, { FORCE_COLOR: '1' }),
      ],
      [true, false, false, false, false, true],
    )
  })
})
