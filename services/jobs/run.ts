import { setTimeout as delay } from 'node:timers/promises'
import { createBreather } from '#shared/domain/breather.ts'
import { createPace } from '#shared/domain/pace.ts'
import type { Registry } from '#shared/domain/registry.ts'
import { createWindow } from '#shared/domain/window.ts'
import type { JobState } from '#shared/facts/job.ts'
import type { DeliveryCreated } from '#shared/facts/ledger.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { EventCache } from '#shared/runtime/event-cache.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import type { Attempted } from './attempted.ts'
import type { ChosenLetters } from './chosen-letters.ts'
import type { JobsConfig } from './config.ts'
import type { DeadLetterDesk } from './dead-letter-desk.ts'
import type { Progress } from './progress.ts'

/** What a job is run with. */
export interface RunContext {
  nats: Nats
  registry: Registry
  ledger: Appender
  eventCache: EventCache
  chosenLetters: ChosenLetters
  desk: DeadLetterDesk
  attempted: Attempted
  config: JobsConfig
  clock: Clock
  logger: Logger
  job: JobState
  progress: Progress
  /** False: it was paused or cancelled, or this process is stopping. */
  isWanted(): boolean
}

/** How a run came to its end: the job has ended, is not wanted any more, or waits for somebody. */
export type RunEnd = 'ended' | 'stopped' | 'waits'

/** What is read or decided upon in one batch at the most. */
export const BATCH_MAX = 500
/** What is sent in one batch at most rates: for so long whatever else there is to do waits. Small ones cost more in all. */
const SENT_MAX = 32
const ASK_AGAIN_MS = 10
/** On its way to receivers at the most: what comes to so much time at the job's rate, and never less than a few. */
const WINDOW_MS = 300
const WINDOW_MIN = 16
/** Room is waited for in pieces of this part of it: each batch has its own cost. */
const ROOM_PART = 4

/** Waits for a job's turns: at its rate, never much ahead of what receivers take, and where others hardly wait for it. */
export interface Turns {
  /** Resolves with how many may be done now, ≥ 1; 0 when the job is not wanted any more. */
  next(): Promise<number>
  /** So many were done. */
  spend(count: number): void
  /** These are being handed over. */
  send(deliveries: readonly DeliveryCreated[]): void
  /** These were not, after all. */
  takeBack(deliveries: readonly DeliveryCreated[]): void
  end(): Promise<void>
}

/** What is sent in one batch at the most: more where a rate could not be reached otherwise. */
export function sentMax({ ratePerSecond }: JobState): number {
  return Math.min(BATCH_MAX, Math.max(SENT_MAX, Math.ceil((ratePerSecond * ASK_AGAIN_MS) / 1_000)))
}

/** @param batchMax So many in one turn at the most. */
export async function startTurns(
  { job, attempted, isWanted }: Pick<RunContext, 'job' | 'attempted' | 'isWanted'>,
  batchMax: number,
): Promise<Turns> {
  const pace = createPace(job.ratePerSecond, { stepMax: batchMax, nowMs: performance.now() })
  const windowMax = Math.max(WINDOW_MIN, Math.ceil((job.ratePerSecond * WINDOW_MS) / 1_000))
  const window = createWindow(windowMax)
  const breather = createBreather()
  let lastTurnMs = Number.NEGATIVE_INFINITY
  const end = await attempted.listen(({ deliveryId, waitedMs }) => {
    if (window.remove(deliveryId, performance.now())) breather.note(waitedMs)
  })

  function countNow(nowMs: number): number {
    if (nowMs - lastTurnMs < breather.intervalMs) return 0
    const allowed = Math.min(pace.allowance(nowMs), batchMax)
    const room = window.room(nowMs)
    return room >= Math.min(allowed, windowMax / ROOM_PART) ? Math.min(allowed, room) : 0
  }

  return {
    async next() {
      while (isWanted()) {
        const nowMs = performance.now()
        const count = countNow(nowMs)
        if (count > 0) {
          lastTurnMs = nowMs
          return count
        }
        await delay(ASK_AGAIN_MS)
      }
      return 0
    },
    spend: pace.spend,
    send(deliveries) {
      const nowMs = performance.now()
      for (const delivery of deliveries) window.add(delivery, nowMs)
    },
    takeBack(deliveries) {
      const nowMs = performance.now()
      for (const { deliveryId } of deliveries) window.remove(deliveryId, nowMs)
    },
    end,
  }
}
