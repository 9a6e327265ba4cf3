import { setTimeout as delay } from 'node:timers/promises'

export interface PollOptions<T> {
  isEnough: (answer: T) => boolean
  timeoutMs: number
  signal: AbortSignal
}

const PAUSE_FIRST_MS = 50
const PAUSE_MAX_MS = 1_000

/** Asks again and again, ever more slowly, until the answer is enough. @returns null when time has run out. */
export async function pollUntil<T>(
  ask: () => Promise<T>,
  { isEnough, timeoutMs, signal }: PollOptions<T>,
): Promise<T | null> {
  const endMs = performance.now() + timeoutMs
  for (let pauseMs = PAUSE_FIRST_MS; ; pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 1.5)) {
    const answer = await ask()
    if (isEnough(answer)) return answer
    if (performance.now() > endMs) return null
    await delay(pauseMs, undefined, { signal })
  }
}
