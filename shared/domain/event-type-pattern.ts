const ONE = '*'
const REST = '**'

/** Whether a name stands for several event types: one of its parts is `*`, or the last one is `**`. */
export function isPattern(name: string): boolean {
  if (!name.includes(ONE)) return false
  const parts = name.split('.')
  return parts.includes(ONE) || parts.at(-1) === REST
}

/** `**` stands for the rest of a name, so it can only come last. */
export function isValidPattern(name: string): boolean {
  const parts = name.split('.')
  const rest = parts.indexOf(REST)
  return isPattern(name) && (rest === -1 || rest === parts.length - 1)
}

/**
 * Whether an event type is one that a pattern stands for: `*` is one part of a name (between two dots), `**` at the end one
 * part or more; anything else is itself. Linear in the length of the names.
 */
export function matchesPattern(eventType: string, pattern: string): boolean {
  const names = eventType.split('.')
  const wanted = pattern.split('.')
  const isOpenEnded = wanted.at(-1) === REST
  if (isOpenEnded ? names.length < wanted.length : names.length !== wanted.length) return false
  const fixed = isOpenEnded ? wanted.length - 1 : wanted.length
  for (let i = 0; i < fixed; i++) {
    if (wanted[i] !== ONE && wanted[i] !== names[i]) return false
  }
  return true
}
