import type { ApplicationQuotas, OrganizationQuotas } from '../facts/control.ts'

/** For how many days the server keeps what; the streams' own ages are the most that there can be. */
export interface RetentionLimits {
  eventsMaxAgeDays: number
  ledgerMaxAgeDays: number
  /** Null: as long as LEDGER has them. */
  attemptsDays: number | null
  deadLettersDays: number | null
  /** Of organisations that have no limit of their own; null: quotas are not enforced. */
  eventsQuotaDays: number | null
}

/** Whole days, ≥ 1, that rows of an application are kept. */
export interface Retention {
  /** After an event was received. */
  eventsDays: number
  /** After a delivery's end, unless it is an open dead letter. */
  attemptsDays: number
  /** After its death, if nobody has redriven or discarded it. */
  deadLettersDays: number
}

/** The shortest of what is said for the application, for its organisation and by the server. */
export function retentionOf(
  application: ApplicationQuotas,
  organization: OrganizationQuotas | undefined,
  limits: RetentionLimits,
): Retention {
  const quotaDays =
    limits.eventsQuotaDays === null ? null : (organization?.daysOfEventsRetention ?? limits.eventsQuotaDays)
  return {
    eventsDays: shortest(application.daysOfEventsRetention, quotaDays, limits.eventsMaxAgeDays),
    attemptsDays: shortest(application.daysOfAttemptsRetention, limits.attemptsDays, limits.ledgerMaxAgeDays),
    deadLettersDays: shortest(application.daysOfDeadLettersRetention, limits.deadLettersDays, limits.ledgerMaxAgeDays),
  }
}

function shortest(...days: (number | null | undefined)[]): number {
  return Math.max(1, Math.min(...days.map((each) => each ?? Number.POSITIVE_INFINITY)))
}
