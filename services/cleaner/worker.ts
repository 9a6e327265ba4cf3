import { setTimeout as delay } from 'node:timers/promises'
import type { Registry } from '#shared/domain/registry.ts'
import { retentionOf } from '#shared/domain/retention.ts'
import type { ApplicationState } from '#shared/facts/control.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import { type Health, unwell, WELL } from '#shared/runtime/health.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import type { CleanerConfig } from './config.ts'
import {
  deleteOldDeliveries,
  deleteOldEvents,
  deleteOldFigures,
  deleteOldRejections,
  freeOldEventIds,
} from './delete-old.ts'
import { expiringDeadLetters, unreadWarnings } from './warnings.ts'

export interface CleanerDependencies {
  nats: Nats
  orm: Orm
  registry: Registry
  health: Health
  config: CleanerConfig
  clock: Clock
  logger: Logger
}

const DAY_MS = 24 * 60 * 60 * 1_000
const BATCH_MAX = 500
/** After each batch the projections have their turn. */
const PAUSE_MS = 20
/** Of one application in a round; the rest is left to the next one. */
const BATCHES_MAX = 1_000

/** Deletes rows that are older than their application keeps them, and warns before streams drop what is still needed. */
export function createCleaner({ nats, orm, registry, health, config, clock, logger }: CleanerDependencies): Service {
  const stopping = new AbortController()
  let running: Promise<void> | null = null
  let warnings: string[] = []

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await delay(config.intervalMs, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      try {
        await warn()
        await cleanAll()
      } catch (error) {
        logger.warn({ err: error }, 'cleaning is left to the next time')
      }
    }
  }

  async function warn(): Promise<void> {
    const nowMs = clock.nowMs()
    warnings = await unreadWarnings({ nats, orm }, { nowMs, ...config.limits })
    for (const warning of warnings) logger.error(warning)
    for (const expiring of await expiringDeadLetters(orm, { nowMs, ...config.limits }))
      logger.warn(expiring, 'dead letters expire soon: redrive or discard them')
  }

  async function cleanAll(): Promise<void> {
    for (const { state } of [...registry.applications.values()]) {
      if (stopping.signal.aborted) return
      await cleanApplication(state)
    }
    const { ledgerMaxAgeDays } = config.limits
    const receivedBeforeMs = clock.nowMs() - ledgerMaxAgeDays * DAY_MS
    await inBatches((limit) => freeOldEventIds(orm, { receivedBeforeMs, limit }))
    await deleteOldFigures(orm, receivedBeforeMs)
    // What was published under a name that is no application's belongs to nobody.
    await inBatches((limit) => deleteOldRejections(orm, null, { rejectedBeforeMs: receivedBeforeMs, limit }))
  }

  async function cleanApplication({ applicationId, organizationId, quotas }: ApplicationState): Promise<void> {
    const organization = registry.organizations.get(organizationId)?.state
    const { eventsDays, attemptsDays, deadLettersDays } = retentionOf(quotas, organization?.quotas, config.limits)
    const beforeMs = (days: number) => clock.nowMs() - days * DAY_MS
    const deliveries = await inBatches((limit) =>
      deleteOldDeliveries(orm, applicationId, {
        endedBeforeMs: beforeMs(attemptsDays),
        deadBeforeMs: beforeMs(deadLettersDays),
        limit,
      }),
    )
    const events = await inBatches((limit) =>
      deleteOldEvents(orm, applicationId, { receivedBeforeMs: beforeMs(eventsDays), limit }),
    )
    const rejections = await inBatches((limit) =>
      deleteOldRejections(orm, applicationId, { rejectedBeforeMs: beforeMs(eventsDays), limit }),
    )
    if (deliveries + events + rejections > 0)
      logger.info({ application_id: applicationId, deliveries, events, rejections }, 'old rows are deleted')
  }

  /** Small ones, so that nobody waits for a lock for long. */
  async function inBatches(deleteSome: (limit: number) => Promise<number>): Promise<number> {
    let deleted = 0
    for (let batches = 0; batches < BATCHES_MAX && !stopping.signal.aborted; batches++) {
      const count = await deleteSome(BATCH_MAX)
      deleted += count
      if (count < BATCH_MAX) break
      await delay(PAUSE_MS)
    }
    return deleted
  }

  health.register('retention', () => (warnings.length === 0 ? WELL : unwell(warnings.join('; '))))
  return {
    name: 'cleaner',
    async start() {
      running ??= run()
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}
