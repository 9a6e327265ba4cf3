import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { SchemaViolation } from './messages.ts'

const SCHEMA_MAX_BYTES = 65_536
const DEPTH_MAX = 32
const VIOLATIONS_MAX = 20
const REASON_MAX = 200
const DRAFT = 'https://json-schema.org/draft/2020-12/schema'

/** A schema that can't be used; the message says why and what to do. */
export class SchemaRefusedError extends Error {
  override name = 'SchemaRefusedError'
}

/**
 * Compiles a customer's schema. An instance of its own for each: two versions may have the same `$id`.
 * @throws {SchemaRefusedError}
 */
export function compileSchema(schema: unknown): ValidateFunction {
  refuseUnusable(schema)
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    // All errors of a large payload would cost more than the first: the first of each place is enough to mend it.
    allErrors: false,
    validateFormats: true,
    logger: false,
    inlineRefs: false,
  })
  addFormats.default(ajv)
  allowExtensions(ajv, schema)
  try {
    return ajv.compile(schema as object | boolean)
  } catch (error) {
    throw new SchemaRefusedError(`the schema can't be used: ${(error as Error).message.slice(0, REASON_MAX)}`)
  }
}

/** What can be told without compiling. */
function refuseUnusable(schema: unknown): void {
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null || Array.isArray(schema)))
    throw new SchemaRefusedError('a schema must be an object, or true or false')
  if (Buffer.byteLength(JSON.stringify(schema)) > SCHEMA_MAX_BYTES)
    throw new SchemaRefusedError(`a schema has at most ${SCHEMA_MAX_BYTES} bytes`)
  walk(schema, (key, value, depth) => {
    if (depth > DEPTH_MAX) throw new SchemaRefusedError(`a schema is nested at most ${DEPTH_MAX} deep`)
    if (key === '$schema' && value !== DRAFT && value !== `${DRAFT}#`)
      throw new SchemaRefusedError(`$schema must be left out or be ${DRAFT}`)
    const isReference = key === '$ref' || key === '$dynamicRef'
    if (isReference && typeof value === 'string' && !value.startsWith('#'))
      throw new SchemaRefusedError(`${key} may only point into the schema itself (#…), not to '${value.slice(0, 100)}'`)
  })
}

/** An unknown keyword is mostly a slip that would check nothing, so it is refused; `x-…` is known to mean nothing. */
function allowExtensions(ajv: Ajv2020, schema: unknown): void {
  const names = new Set<string>()
  walk(schema, (key) => {
    if (/^x-[A-Za-z0-9-]{1,50}$/.test(key)) names.add(key)
  })
  for (const name of names) ajv.addKeyword({ keyword: name })
}

function walk(root: unknown, visit: (key: string, value: unknown, depth: number) => void): void {
  const left: { value: unknown; depth: number }[] = [{ value: root, depth: 1 }]
  while (left.length > 0) {
    const { value, depth } = left.pop()!
    if (typeof value !== 'object' || value === null) continue
    for (const [key, inner] of Object.entries(value)) {
      visit(key, inner, depth)
      left.push({ value: inner, depth: depth + 1 })
    }
  }
}

/** What is wrong with a payload: places and rules, never the sender's values. */
export function violationsOf(validate: ValidateFunction, payload: string): SchemaViolation[] {
  if (validate(JSON.parse(payload))) return []
  return (validate.errors ?? [])
    .slice(0, VIOLATIONS_MAX)
    .map(({ instancePath, message, params, keyword }: ErrorObject) => {
      const extra =
        keyword === 'additionalProperties' ? ` ('${String(params['additionalProperty']).slice(0, 50)}')` : ''
      return { path: instancePath.slice(0, REASON_MAX), reason: `${message ?? keyword}${extra}`.slice(0, REASON_MAX) }
    })
}
