import { ProblemError } from '#shared/contract/problems.ts'
import { parseUuid } from '#shared/domain/ids.ts'
import { normalizeTimestamp } from '#shared/domain/validate-event.ts'

/** @throws {ProblemError} NotFound: under what is no UUID there is nothing. */
export function uuidOfPath(text: string): string {
  const uuid = parseUuid(text)
  if (uuid === null) throw new ProblemError('NotFound', { detail: `'${text.slice(0, 100)}' is no UUID.` })
  return uuid
}

/** A body's UUID, whose form the schema has checked. */
export function uuidOfBody(text: string): string {
  const uuid = parseUuid(text)
  if (uuid === null)
    throw new ProblemError('JsonPayload', { detail: `JSON deserialization error: '${text.slice(0, 100)}' is no UUID` })
  return uuid
}

/** @throws {ProblemError} 400 for a value that is no UUID. */
export function uuidOfQuery(text: string): string {
  const uuid = parseUuid(text)
  if (uuid === null)
    throw new ProblemError('JsonPayload', { detail: `Query deserialize error: '${text.slice(0, 100)}' is no UUID` })
  return uuid
}

/** What is wrong with a query, in the contract's problem format. */
export function badQuery(detail: string): ProblemError {
  return new ProblemError('JsonPayload', { detail: `Query deserialize error: ${detail}` })
}

/** What is wrong with a body's shape. */
export function badBody(detail: string): ProblemError {
  return new ProblemError('JsonPayload', { detail: `JSON deserialization error: ${detail}` })
}

/** A body's time. @throws {ProblemError} 400 for what is no time. */
export function timeOfBody(name: string, text: string): string {
  const time = normalizeTimestamp(text)
  if (time === null) throw badBody(`${name} is no RFC 3339 time`)
  return time
}

/** A time of a query, or null when it was not given. @throws {ProblemError} 400 for what is no time. */
export function timeOfQuery(name: string, text: string | undefined): string | null {
  if (text === undefined) return null
  // A plus sign of an offset arrives as a space when it was not encoded.
  const time =
    normalizeTimestamp(text) ??
    normalizeTimestamp(text.replace(/ (\d\d:\d\d)$/, '+$1')) ??
    normalizeTimestamp(text.replace(' UTC', 'Z'))
  if (time === null) throw badQuery(`${name} is no RFC 3339 time`)
  return time
}

/**
 * Labels of a query, each as `key:value`; null when none was given.
 * @throws {ProblemError} 400 for what has no colon.
 */
export function labelsOfQuery(given: string | string[] | undefined): Record<string, string> | null {
  if (given === undefined) return null
  return Object.fromEntries(
    [given].flat().map((text) => {
      const colon = text.indexOf(':')
      if (colon < 1) throw badQuery(`label '${text.slice(0, 100)}' must be key:value`)
      return [text.slice(0, colon), text.slice(colon + 1)]
    }),
  )
}
