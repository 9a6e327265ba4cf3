import { LRUCache } from 'lru-cache'
import { decideRate, type RateLimit } from '#shared/domain/rate-limit.ts'
import type { Clock } from '#shared/runtime/clock.ts'

const KEYS_MAX = 50_000

export interface RateLimiter {
  /**
   * @param atMs When it came, if that is not now.
   * @returns null when the request is allowed, else how many ms to wait.
   */
  take(key: string, atMs?: number): number | null
}

/** A rate limit for each key; of too many keys those that were used the longest time ago begin anew. */
export function createRateLimiter({
  limit,
  clock,
  keysMax = KEYS_MAX,
}: {
  limit: RateLimit
  clock: Clock
  keysMax?: number
}): RateLimiter {
  const states = new LRUCache<string, number>({ max: keysMax })
  return {
    take(key, atMs = clock.nowMs()) {
      const { isAllowed, state, retryAfterMs } = decideRate(states.get(key), atMs, limit)
      states.set(key, state)
      return isAllowed ? null : retryAfterMs
    },
  }
}
