import type { Settings } from '#shared/runtime/config.ts'

export interface ReconcilerConfig {
  laneCount: number
  intervalMs: number
  /** An attempt must be overdue by so much before it is looked for. */
  graceMs: number
}

export function reconcilerConfig(settings: Settings): ReconcilerConfig {
  return {
    laneCount: settings.LANES,
    intervalMs: settings.RECONCILE_INTERVAL_MS,
    graceMs: settings.RECONCILE_GRACE_MS,
  }
}
