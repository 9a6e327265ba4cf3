import type { Api } from './api.ts'
import { until } from './until.ts'

/**
 * When the successful requests to a subscription began, in ms, the first one first; waits until so many are recorded. A busy
 * receiver sees them later, and closer together.
 */
export function begunOf(api: Api, subscriptionId: string, count: number): Promise<number[]> {
  return until('all are recorded', async () => {
    const made = await api.attempts({ subscription_id: subscriptionId, outcome: 'success' })
    return made.length === count && made.map(({ picked_at }) => Date.parse(picked_at!)).sort((a, b) => a - b)
  })
}
