import { randomBytes } from 'node:crypto'

/** What was previewed and waits for somebody's yes. */
export interface Confirmations {
  /** @returns a token that stands for this preview, once, for ten minutes. */
  offer(jobId: string, nowMs: number): string
  /** The job that a token stands for; null for a token that is unknown, used or too old. */
  take(token: string, nowMs: number): string | null
}

const VALID_MS = 10 * 60_000
const OFFERS_MAX = 100
const TOKEN_BYTES = 12

export function createConfirmations(): Confirmations {
  const offers = new Map<string, { jobId: string; untilMs: number }>()
  return {
    offer(jobId, nowMs) {
      const [oldest] = offers.keys()
      if (offers.size >= OFFERS_MAX && oldest !== undefined) offers.delete(oldest)
      const token = randomBytes(TOKEN_BYTES).toString('base64url')
      offers.set(token, { jobId, untilMs: nowMs + VALID_MS })
      return token
    },
    take(token, nowMs) {
      const offer = offers.get(token)
      offers.delete(token)
      return offer !== undefined && nowMs <= offer.untilMs ? offer.jobId : null
    },
  }
}
