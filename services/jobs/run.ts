import { setTimeout as delay } from 'node:timers/promises'
import { createPace } from '#shared/domain/pace.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { JobState } from '#shared/facts/job.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { EventCache } from '#shared/runtime/event-cache.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
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
  config: JobsConfig
  clock: Clock
  logger: Logger
  job: JobState
  progress: Progress
  /** False: it was paused or cancelled, or this process is stopping. */
  isWanted(): boolean
}

/** What is appended in one batch at the most. */
export const BATCH_MAX = 500
const ASK_AGAIN_MS = 10

/** Waits for a job's turns, at its rate. */
export interface Turns {
  /** Resolves with how many may be done now, ≥ 1; 0 when the job is not wanted any more. */
  next(): Promise<number>
  spend(count: number): void
}

export function createTurns({ job, isWanted }: Pick<RunContext, 'job' | 'isWanted'>): Turns {
  const pace = createPace(job.ratePerSecond, performance.now())
  return {
    async next() {
      while (isWanted()) {
        const count = pace.allowance(performance.now())
        if (count > 0) return Math.min(count, BATCH_MAX)
        await delay(ASK_AGAIN_MS)
      }
      return 0
    },
    spend: pace.spend,
  }
}
