/** What is on its way to receivers, and how much of it counts: a receiver that takes nothing holds nobody else up. */
export interface Window {
  /** How much more may be handed over now; 0: wait. */
  room(nowMs: number): number
  add(delivery: { deliveryId: string; subscriptionId: string }, nowMs: number): void
  /** It was attempted, or not handed over after all. @returns whether it was on its way. */
  remove(deliveryId: string, nowMs: number): boolean
}

/** Deliveries of a receiver that has taken none of them for so long don't count any more, until it takes one. */
const STUCK_MS = 2_000

interface OfSubscription {
  count: number
  movedAtMs: number
}

/** @param max Deliveries on their way at the most. Times are of a monotonic clock. */
export function createWindow(max: number): Window {
  const subscriptionOf = new Map<string, string>()
  const subscriptions = new Map<string, OfSubscription>()

  return {
    room(nowMs) {
      let counted = 0
      for (const { count, movedAtMs } of subscriptions.values()) if (nowMs - movedAtMs < STUCK_MS) counted += count
      return Math.max(0, max - counted)
    },
    add({ deliveryId, subscriptionId }, nowMs) {
      const known = subscriptions.get(subscriptionId) ?? { count: 0, movedAtMs: nowMs }
      subscriptions.set(subscriptionId, known)
      known.count++
      subscriptionOf.set(deliveryId, subscriptionId)
    },
    remove(deliveryId, nowMs) {
      const subscriptionId = subscriptionOf.get(deliveryId)
      if (subscriptionId === undefined) return false
      subscriptionOf.delete(deliveryId)
      const known = subscriptions.get(subscriptionId)!
      known.count--
      known.movedAtMs = nowMs
      if (known.count === 0) subscriptions.delete(subscriptionId)
      return true
    },
  }
}
