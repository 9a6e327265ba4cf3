import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 25

/** Asks again and again until the answer is there; rejects after the limit. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false>,
  limitMs = 20_000,
): Promise<T> {
  const endMs = Date.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== null && answer !== undefined && answer !== false) return answer
    if (Date.now() > endMs) throw new Error(`not within ${limitMs} ms: ${what}`)
    await delay(POLL_MS)
  }
}
