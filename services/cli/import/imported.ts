import type { Document, SubscriptionEntry } from '../declarative/document.ts'
import { withoutControls } from '../output.ts'

/** What was read from another system: a file as `apply` takes it, and what could not be taken over as it was. */
export interface Imported {
  document: Document
  notes: string[]
}

export type ImportedApplication = NonNullable<Document['applications']>[number]

const NAME_MIN = 2
const NAME_MAX = 50
const DESCRIPTION_MAX = 100

/** An application's name within our bounds. */
export function applicationName(name: string): string {
  const short = withoutControls(name).trim().slice(0, NAME_MAX)
  return short.length >= NAME_MIN ? short : `${short || 'app'} (imported)`
}

export function descriptionOf(text: string | null | undefined): Pick<SubscriptionEntry, 'description'> {
  const short = text?.trim().slice(0, DESCRIPTION_MAX)
  return short ? { description: short } : {}
}

/** Only texts: whatever else stands there (sealed values, lists) can't be sent as a header. */
export function textMap(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

/** JSON of a dump's column. */
export function jsonColumn(text: string | null | undefined): unknown {
  if (text === null || text === undefined || text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/**
 * A name of three parts for one of any number: fewer get `service` in front, and a verb behind; of more, those in the
 * middle become one. Names of three parts stay as they are.
 */
export function eventTypeName(name: string, service: string): string {
  const parts = name
    .split(/[./]/)
    .map((part) => part.replace(/[^A-Za-z0-9_-]/g, '_'))
    .filter((part) => part !== '')
  if (parts.length === 3) return parts.join('.')
  if (parts.length > 3) return [parts[0], parts.slice(1, -1).join('_'), parts.at(-1)].join('.')
  return parts.length === 2 ? [service, ...parts].join('.') : [service, parts[0] ?? 'event', 'happened'].join('.')
}
