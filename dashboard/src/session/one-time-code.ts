const PREFIX = '#/enter/'
let held: string | null = null

/**
 * Takes the one-time code out of the address that `npm start` prints (`/#/enter/<code>`), before anything else sees the
 * address: a fragment is sent to no server, and does not stay in the history.
 */
export function takeCodeFromAddress(): void {
  if (!location.hash.startsWith(PREFIX)) return
  held = decodeURIComponent(location.hash.slice(PREFIX.length))
  history.replaceState(null, '', '/enter')
}

/** The code, once. */
export function spendCode(): string | null {
  const code = held
  held = null
  return code
}
