import { stripVTControlCharacters, styleText } from 'node:util'
import { stringify } from 'yaml'
import { hasColours, type Terminal } from './terminal.ts'

export const OUTPUT_FORMATS = ['table', 'json', 'yaml'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]
export type Style = Parameters<typeof styleText>[0]

/** A column of a table: its heading, and what stands in it for an item. */
export type Columns<T> = Record<string, (item: T) => unknown>

/** Prints results in the form that was asked for. */
export interface Output {
  format: OutputFormat
  /** All items as they are, or the columns of each as a table. */
  list<T>(items: readonly T[], columns: Columns<T>, whenEmpty?: string): void
  /** One item as it is, or its columns one below the other. */
  item<T>(item: T, columns: Columns<T>): void
  /** One of many that come one after the other: a line of JSON, a YAML document, or the text. */
  event(item: unknown, text: string): void
  /** What was done: said to a person, left out where a program reads. */
  say(text: string): void
  /** What a person should know besides; goes to standard error in every format. */
  note(text: string): void
  style(style: Style, text: string): string
}

export function createOutput(terminal: Terminal, format: OutputFormat, isColourWanted: boolean): Output {
  const { stdout, stderr } = terminal
  const isColoured = hasColours(terminal, isColourWanted)
  const print = (text: string) => void stdout.write(`${text}\n`)
  const style = (wanted: Style, text: string) =>
    isColoured ? styleText(wanted, text, { validateStream: false }) : text
  const data = (value: unknown) =>
    print(format === 'json' ? JSON.stringify(value, null, 2) : stringify(value).trimEnd())
  return {
    format,
    style,
    list(items, columns, whenEmpty = 'Nothing.') {
      if (format !== 'table') data(items)
      else if (items.length === 0) print(whenEmpty)
      else print(tableOf(items, columns, (heading) => style('bold', heading)))
    },
    item(item, columns) {
      if (format !== 'table') return data(item)
      const shown = Object.entries(columns)
        .map(([heading, of]) => [heading, textOf(of(item))] as const)
        .filter(([, text]) => text !== '')
      const width = Math.max(...shown.map(([heading]) => heading.length))
      const indent = `\n${' '.repeat(width + 2)}`
      for (const [heading, text] of shown)
        print(`${style('bold', heading.padEnd(width))}  ${text.replaceAll('\n', indent)}`)
    },
    event(item, text) {
      if (format === 'table') print(text)
      else print(format === 'json' ? JSON.stringify(item) : `---\n${stringify(item).trimEnd()}`)
    },
    say: (text) => {
      if (format === 'table') print(text)
    },
    note: (text) => void stderr.write(`${text}\n`),
  }
}

function tableOf<T>(items: readonly T[], columns: Columns<T>, heading: (text: string) => string): string {
  const headings = Object.keys(columns)
  const rows = items.map((item) => Object.values(columns).map((of) => textOf(of(item)).replaceAll('\n', ' ')))
  const widths = headings.map((text, i) => Math.max(text.length, ...rows.map((row) => widthOf(row[i]!))))
  const line = (cells: string[], style = (text: string) => text) =>
    cells
      .map((cell, i) => style(cell) + ' '.repeat(widths[i]! - widthOf(cell)))
      .join('  ')
      .trimEnd()
  return [line(headings, heading), ...rows.map((row) => line(row))].join('\n')
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length
}

/** What came from outside must not steer the terminal: only colours that we have put there ourselves are let through. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(textOf).join(', ')
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([name, each]) => `${name}=${typeof each === 'object' && each !== null ? JSON.stringify(each) : each}`)
      .join(' ')
  return withoutControls(String(value))
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this takes out.
const CONTROLS = /\u001b(?!\[[\d;]*m)|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g

export function withoutControls(text: string): string {
  return text.replace(CONTROLS, '�')
}
