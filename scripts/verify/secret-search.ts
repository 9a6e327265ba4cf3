/** Names of fields, headers and parameters whose values nobody may see. */
const TELLING_NAME = /secret|token|authorization|api[-_]?key|password|cookie|signature/i
/** What is shorter may stand anywhere by chance. */
const LENGTH_MIN = 12
const WORDS = /[\w-]{12,}/g

/** Finds secrets in texts. */
export interface SecretSearch {
  /** @returns whose secret stands in `text`, or null. */
  find(text: string): string | null
  readonly size: number
}

/**
 * @param secrets By their owner. Each is known by its longest word, so that a text is searched for all of them at once: one
 * that is a part of a longer word is not found.
 */
export function createSecretSearch(secrets: Iterable<{ owner: string; text: string }>): SecretSearch {
  const owners = new Map<string, string>()
  for (const { owner, text } of secrets) {
    const [longest] = (text.match(WORDS) ?? []).toSorted((a, b) => b.length - a.length)
    if (longest !== undefined) owners.set(longest, owner)
  }
  return {
    find(text) {
      if (owners.size === 0) return null
      for (const [word] of text.matchAll(WORDS)) {
        const owner = owners.get(word)
        if (owner !== undefined) return owner
      }
      return null
    },
    get size() {
      return owners.size
    },
  }
}

/** What is secret in something that was sealed: a bare token, or an object with telling names and an address. */
export function secretTextsOf(opened: string): string[] {
  const value = parsed(opened)
  const found = typeof value === 'object' && value !== null ? secretsIn(value, false) : [opened]
  return found.filter((text) => text.length >= LENGTH_MIN)
}

function secretsIn(value: unknown, isSecret: boolean): string[] {
  if (typeof value === 'string') return isSecret ? [value] : secretsOfAddress(value)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]) => secretsIn(part, isSecret || TELLING_NAME.test(name)))
}

function secretsOfAddress(text: string): string[] {
  const url = URL.parse(text)
  if (url === null) return []
  const parameters = [...url.searchParams].filter(([name]) => TELLING_NAME.test(name) || /key/i.test(name))
  return [url.password, ...parameters.map(([, value]) => value)]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
