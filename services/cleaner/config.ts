import type { RetentionLimits } from '#shared/domain/retention.ts'
import type { Settings } from '#shared/runtime/config.ts'

export interface CleanerConfig {
  intervalMs: number
  limits: RetentionLimits
}

export function cleanerConfig(settings: Settings): CleanerConfig {
  return {
    intervalMs: settings.CLEAN_INTERVAL_MS,
    limits: {
      eventsMaxAgeDays: settings.EVENTS_MAX_AGE_DAYS,
      ledgerMaxAgeDays: settings.LEDGER_MAX_AGE_DAYS,
      attemptsDays: settings.ATTEMPTS_RETENTION_DAYS || null,
      deadLettersDays: settings.DEAD_LETTERS_RETENTION_DAYS || null,
      eventsQuotaDays: settings.ENABLE_QUOTA_ENFORCEMENT ? settings.QUOTA_GLOBAL_DAYS_OF_EVENTS_RETENTION_LIMIT : null,
    },
  }
}
