import { attemptIdOf } from '#shared/domain/ids.ts'
import type { DueAttempt, WorkItem } from './work-item.ts'

/**
 * What became of an attempt: a retry follows, nothing follows, its fact was there before, others make it, or it is parked
 * until its receiver can take it.
 */
export type Settlement = 'retried' | 'ended' | 'known' | 'given back' | 'parked'

/** Everything that was handed out to this process and is neither acknowledged nor given back: an attempt once only. */
export interface HeldItems extends Iterable<WorkItem> {
  readonly size: number
  add(item: WorkItem): void
  /** How many of a lane came from its consumers and keep others from being handed out. */
  countOf(lane: number): number
  /** Takes it out and tells those who wait for it. @returns false when it had left before. */
  settle(item: WorkItem, settlement: Settlement): boolean
  /** The item by which an attempt is in hand. */
  of(attemptId: string): WorkItem | null
  /** Resolves once the attempt is out of our hands; at once, and with null, when it is not in them. */
  settlementOf(attemptId: string): Promise<Settlement | null>
}

export function createHeldItems(): HeldItems {
  const items = new Map<string, { item: WorkItem; settled: PromiseWithResolvers<Settlement> | null }>()
  const counts = new Map<number, number>()
  return {
    get size() {
      return items.size
    },
    add(item) {
      items.set(item.attempt.attemptId, { item, settled: null })
      if (item.source !== 'parked') counts.set(item.lane, (counts.get(item.lane) ?? 0) + 1)
    },
    countOf: (lane) => counts.get(lane) ?? 0,
    settle(item, settlement) {
      const entry = items.get(item.attempt.attemptId)
      if (entry?.item !== item) return false
      items.delete(item.attempt.attemptId)
      if (item.source !== 'parked') counts.set(item.lane, counts.get(item.lane)! - 1)
      entry.settled?.resolve(settlement)
      return true
    },
    of: (attemptId) => items.get(attemptId)?.item ?? null,
    async settlementOf(attemptId) {
      const entry = items.get(attemptId)
      if (entry === undefined) return null
      entry.settled ??= Promise.withResolvers()
      return entry.settled.promise
    },
    *[Symbol.iterator]() {
      for (const { item } of items.values()) yield item
    },
  }
}

/** The attempt that this one follows; null for a first one. */
export function attemptBefore({ deliveryId, attemptNumber }: DueAttempt): string | null {
  return attemptNumber === 1 ? null : attemptIdOf(deliveryId, attemptNumber - 1)
}
