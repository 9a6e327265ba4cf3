import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'

/** Notices when this process hasn't run, or hasn't reached NATS, for so long that others may have taken what it had. */
export interface PauseWatch {
  start(): void
  stop(): void
  /** To be called whenever something comes from the server. */
  note(): void
  /** What comes now was sent before the pause was over. */
  isSuspect(): boolean
}

/** Less than the silence after which others take lanes over. */
const PAUSE_MS = 3_000
const CHECK_INTERVAL_MS = 1_000

export function createPauseWatch({
  nats,
  logger,
  onPause,
}: {
  nats: Nats
  logger: Logger
  onPause(): void
}): PauseWatch {
  let lastRunMs = performance.now()
  let lastUpMs = performance.now()
  let areSuspect = false
  let timer: NodeJS.Timeout | null = null

  function note(): void {
    const nowMs = performance.now()
    const pausedMs = Math.round(nowMs - lastRunMs)
    lastRunMs = nowMs
    if (nats.isUp()) {
      const cutMs = Math.round(nowMs - lastUpMs)
      lastUpMs = nowMs
      if (Math.max(pausedMs, cutMs) >= PAUSE_MS) suspect(pausedMs, cutMs)
    }
  }

  function suspect(pausedMs: number, cutMs: number): void {
    logger.warn({ pausedMs, cutMs }, 'this process was paused, or cut off')
    areSuspect = true
    onPause()
    const flushed = nats.connection.flush().catch(() => {})
    void flushed.finally(() => {
      areSuspect = false
    })
  }

  return {
    start() {
      lastRunMs = performance.now()
      lastUpMs = performance.now()
      timer ??= setInterval(note, CHECK_INTERVAL_MS)
    },
    stop() {
      if (timer !== null) clearInterval(timer)
    },
    note,
    isSuspect: () => areSuspect,
  }
}
