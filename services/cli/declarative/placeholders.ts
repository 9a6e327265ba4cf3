import { usageError } from '../exit-codes.ts'

/** `${NAME}` in a file stands for a variable of the environment, so that secrets need not be in it; `$${` for `${`. */

const PLACEHOLDER = /\$(\$?)\{([A-Za-z_][A-Za-z0-9_]*)\}/g
/** What an unset variable leaves in the headers of a target: the header keeps the value that it has. */
export const KEPT = 'kept-by-jethook-apply:'

type Environment = Record<string, string | undefined>

/**
 * Puts in the values of variables, in every text of a document.
 * @throws {CliError} for a variable that is not set, except in a target's headers, which can keep what they have.
 */
export function fillIn<T>(value: T, environment: Environment): T {
  return fillTree(value, environment, []) as T
}

function fillTree(value: unknown, environment: Environment, path: string[]): unknown {
  if (typeof value === 'string') return fillText(value, environment, path)
  if (Array.isArray(value)) return value.map((each, i) => fillTree(each, environment, [...path, String(i)]))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, fillTree(each, environment, [...path, name])]),
  )
}

function fillText(text: string, environment: Environment, path: string[]): string {
  let unset: string | null = null
  const filled = text.replace(PLACEHOLDER, (whole, escaping: string, name: string) => {
    if (escaping !== '') return whole.slice(1)
    const value = environment[name]
    if (value === undefined) unset ??= name
    return value ?? ''
  })
  if (unset === null) return filled
  if (path.at(-2) === 'headers') return `${KEPT}${unset}`
  throw usageError(`${path.join('.')}: the variable ${unset} is not set.`)
}

export function escapePlaceholders<T>(value: T): T {
  if (typeof value === 'string') return value.replace(/\$(?=\{[A-Za-z_])/g, '$$$$') as T
  if (Array.isArray(value)) return value.map(escapePlaceholders) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, escapePlaceholders(each)])) as T
}
