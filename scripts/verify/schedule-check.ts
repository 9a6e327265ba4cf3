import { createIdSet } from './id-set.ts'

/** A retry that comes due so soon may have fired while it was looked for. */
const FIRING_GRACE_MS = 5_000

export interface ScheduleCheckOptions {
  /** Nothing is under way any more. */
  isQuiet: boolean
  /** When the schedules were read. */
  readAtMs: number
  hasEnded(deliveryId: string): boolean
}

/** Compares what LEDGER says is waiting for a retry with the schedules that stand in WAITING. */
export function createScheduleCheck() {
  const dueAtMs = new Map<string, number>()
  const calledOff = createIdSet()
  return {
    onRetry: (deliveryId: string, atMs: number) => void dueAtMs.set(deliveryId, atMs),
    onEnd: (deliveryId: string) => void dueAtMs.delete(deliveryId),
    /** Besides `onEnd`: its schedule may stand until its time comes, and is dropped then. */
    onCancelled: (deliveryId: string) => void calledOff.add(deliveryId),
    /** Schedules that nothing waits for, and what waits without one. */
    wrong(scheduledIds: readonly string[], { isQuiet, readAtMs, hasEnded }: ScheduleCheckOptions) {
      const found: { deliveryId: string; detail: string }[] = []
      for (const deliveryId of scheduledIds)
        if (isQuiet && hasEnded(deliveryId) && !calledOff.has(deliveryId))
          found.push({ deliveryId, detail: 'has ended, and still waits for an attempt' })
      const scheduled = new Set(scheduledIds)
      for (const [deliveryId, atMs] of dueAtMs)
        if (atMs > readAtMs + FIRING_GRACE_MS && !scheduled.has(deliveryId))
          found.push({ deliveryId, detail: `is to be tried at ${new Date(atMs).toISOString()}, but is not scheduled` })
      return found
    },
  }
}
