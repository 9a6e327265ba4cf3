import { attemptIdOf } from '#shared/domain/ids.ts'
import type { DueAttempt } from './work-item.ts'

/** What became of an attempt: a retry follows, nothing follows, or its fact was there before. */
export type Settlement = 'retried' | 'ended' | 'known'

/** Attempts that this process was handed and has not acknowledged. */
export interface Unsettled {
  add(attemptId: string): void
  has(attemptId: string | null): boolean
  settle(attemptId: string, settlement: Settlement): void
  /** Resolves once the attempt is settled; at once, and with null, when it is none of these. */
  settlementOf(attemptId: string | null): Promise<Settlement | null>
}

export function createUnsettled(): Unsettled {
  const waiting = new Map<string, PromiseWithResolvers<Settlement>>()
  return {
    add(attemptId) {
      if (!waiting.has(attemptId)) waiting.set(attemptId, Promise.withResolvers())
    },
    has: (attemptId) => attemptId !== null && waiting.has(attemptId),
    settle(attemptId, settlement) {
      waiting.get(attemptId)?.resolve(settlement)
      waiting.delete(attemptId)
    },
    settlementOf: async (attemptId) => (attemptId === null ? null : ((await waiting.get(attemptId)?.promise) ?? null)),
  }
}

/** The attempt that this one follows; null for a first one. */
export function attemptBefore({ deliveryId, attemptNumber }: DueAttempt): string | null {
  return attemptNumber === 1 ? null : attemptIdOf(deliveryId, attemptNumber - 1)
}
