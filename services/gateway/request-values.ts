import { ProblemError } from '#shared/contract/problems.ts'
import { parseUuid } from '#shared/domain/ids.ts'

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
