import { registerHooks } from 'node:module'

/** Where the dashboard's types of the API stand: checked in, so that a build needs no server. */
export const API_TYPES_FILE = 'dashboard/src/api/schema.d.ts'

const HEADER = `/** Made from the API's own description (swagger.json) by \`npm run dashboard -- types\`: don't edit. */

`

/** openapi-typescript prints with the JavaScript compiler's printer, which TypeScript 7 no longer brings along. */
const PRINTER = '@ts-morph/common/dist/typescript.js'

/** The TypeScript of an OpenAPI document. @param document What `/api/v1/swagger.json` answers. */
export async function apiTypesOf(document: unknown): Promise<string> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) => next(specifier === 'typescript' ? PRINTER : specifier, context),
  })
  try {
    const { default: openapiTS, astToString } = await import('openapi-typescript')
    return HEADER + astToString(await openapiTS(withoutProse(document) as Parameters<typeof openapiTS>[0]))
  } finally {
    hooks.deregister()
  }
}

const PROSE = new Set(['description', 'summary', 'example', 'examples', 'format'])

/** Types only: notes and examples are read in the API's documentation. @param areNames Whether keys are names of fields. */
function withoutProse(value: unknown, areNames = false): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutProse(each))
  if (value === null || typeof value !== 'object') return value
  const kept = Object.entries(value).filter(([key]) => areNames || !PROSE.has(key))
  return Object.fromEntries(
    kept.map(([key, inner]) => [key, withoutProse(inner, !areNames && (key === 'properties' || key === 'schemas'))]),
  )
}
