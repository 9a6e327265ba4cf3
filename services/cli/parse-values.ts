import { readFile } from 'node:fs/promises'
import { InvalidArgumentError } from 'commander'
import { usageError } from './exit-codes.ts'
import { readAll, type Terminal } from './terminal.ts'

/** Readers of what stands on the command line; commander turns their errors into a usage error that names the option. */

const UNITS_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `500ms`, `30s`, `10m`, `2h`, `7d`. @returns ms */
export function durationMs(text: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? []
  if (amount === undefined) throw new InvalidArgumentError('Give a time such as 30s, 10m, 2h or 7d.')
  return Number(amount) * UNITS_MS[unit!]!
}

/** A time as ISO 8601, or how long ago: `2h`, `7d`. @returns ISO 8601 */
export function pointInTime(text: string): string {
  return /^\d+(ms|s|m|h|d)$/.test(text) ? new Date(Date.now() - durationMs(text)).toISOString() : isoTime(text)
}

/** @returns ISO 8601 in UTC */
export function isoTime(text: string): string {
  const ms = Date.parse(text)
  if (Number.isNaN(ms))
    throw new InvalidArgumentError('Give a time such as 2026-11-24T10:00:00Z; one that is past also as 2h or 7d.')
  return new Date(ms).toISOString()
}

export function positiveInteger(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('Give a whole number of at least 1.')
  return number
}

/** `key=value` or `key:value`, once more for each. */
export function pair(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.search(/[=:]/)
  if (at < 1) throw new InvalidArgumentError('Give it as key=value.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

/** Comma separated, and the option may be given several times. */
export function names(text: string, before: string[] = []): string[] {
  return [...before, ...text.split(',').map((name) => name.trim())].filter((name) => name !== '')
}

/** Labels as the API's queries take them. */
export function labelQuery(labels: Record<string, string> | undefined): string[] {
  return Object.entries(labels ?? {}).map(([key, value]) => `${key}:${value}`)
}

/** The text itself, `@file`, or `-` for standard input. */
export async function contentOf(given: string, { stdin }: Terminal): Promise<Buffer> {
  if (given === '-') return readAll(stdin)
  return given.startsWith('@') ? readInput(given.slice(1)) : Buffer.from(given)
}

/** @throws {CliError} when the file can't be read. */
export async function readInput(path: string): Promise<Buffer> {
  return readFile(path).catch((error: Error) => {
    throw usageError(`${path} can't be read: ${error.message}`)
  })
}

export async function jsonOf(given: string, terminal: Terminal, what: string): Promise<unknown> {
  const text = (await contentOf(given, terminal)).toString('utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw usageError(`${what} is no JSON: ${(error as Error).message}`)
  }
}
