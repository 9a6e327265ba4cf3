import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema'

/** The same draft as the server checks with. */
const DRAFT = '2020-12'
const SHOWN_MAX = 5

/**
 * What a payload lacks to satisfy its type's schema, as the server would say it; nothing when it is fine. It is
 * interpreted, since the page may run no program that is made of text.
 */
export function payloadErrors(text: string, schema: unknown): string[] {
  let payload: unknown
  try {
    payload = JSON.parse(text)
  } catch (error) {
    return [`It is not JSON: ${(error as Error).message}`]
  }
  if (schema === undefined) return []
  const { valid, errors } = new Validator(schema as Schema | boolean, DRAFT, false).validate(payload)
  return valid ? [] : leavesOf(errors).slice(0, SHOWN_MAX)
}

/** The innermost reasons: those around them only say that something within is wrong. */
function leavesOf(errors: OutputUnit[]): string[] {
  const leaves = errors.filter(
    (error) =>
      !errors.some((other) => other !== error && other.keywordLocation.startsWith(`${error.keywordLocation}/`)),
  )
  return [...new Set(leaves.map(({ instanceLocation, error }) => `${placeOf(instanceLocation)}: ${error}`))]
}

const placeOf = (location: string) => (location === '#' ? 'payload' : location.slice(2).replaceAll('/', '.'))

/** A first payload that satisfies a schema where it says enough: defaults, examples, first choices, empty values. */
export function examplePayload(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return {}
  const known = schema as Record<string, unknown>
  if ('default' in known) return known['default']
  if ('const' in known) return known['const']
  if (Array.isArray(known['examples'])) return known['examples'][0]
  if (Array.isArray(known['enum'])) return known['enum'][0]
  const type = Array.isArray(known['type']) ? known['type'][0] : known['type']
  if (type === 'object' || known['properties']) return exampleObject(known)
  if (type === 'array') return known['minItems'] ? [examplePayload(known['items'])] : []
  return EMPTY[String(type)] ?? {}
}

const EMPTY: Record<string, unknown> = { string: '', integer: 0, number: 0, boolean: false, null: null }

function exampleObject({ properties, required }: Record<string, unknown>): unknown {
  const names = Array.isArray(required) ? (required as string[]) : Object.keys((properties ?? {}) as object)
  const schemas = (properties ?? {}) as Record<string, unknown>
  return Object.fromEntries(names.map((name) => [name, examplePayload(schemas[name])]))
}
