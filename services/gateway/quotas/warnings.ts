import { operationalEventMessage } from '#shared/domain/operational-event.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Mailer } from '#shared/runtime/mail/mailer.ts'
import type { QuotaWarning } from './event-quota.ts'

/** Tells the editors of an organisation by mail that a day's events run out. */
export function createQuotaMails({
  registry,
  mailer,
  logger,
}: {
  registry: Registry
  mailer: Mailer
  logger: Logger
}): (warning: QuotaWarning) => void {
  return ({ organizationId, application, used, limit }) => {
    const organizationName = registry.organizations.get(organizationId)?.state.name ?? ''
    const applicationName = application?.name ?? null
    for (const { state } of registry.accounts.membersOf(organizationId)) {
      const user = registry.accounts.users.get(state.userId)?.state
      if (state.deletedAtMs !== null || state.role !== 'editor' || !user?.email) continue
      mailer
        .send(user.email, { type: 'quota-warning', organizationName, applicationName, used, limit })
        .catch((error: unknown) => logger.error({ err: error, user_id: user.userId }, 'a mail could not be sent'))
    }
  }
}

const DAY_MS = 24 * 3_600_000

/** Appends `jethook.quota.warned`, where the organisation has an operational application; several gateways make one event. */
export function createQuotaWarningEvents({
  registry,
  events,
  clock,
  logger,
}: {
  registry: Registry
  events: Appender
  clock: Clock
  logger: Logger
}): (warning: QuotaWarning) => void {
  return ({ organizationId, application, used, limit }) => {
    const operational = registry.operationalApplicationOf(organizationId)
    if (operational === null) return
    const nowMs = clock.nowMs()
    const applicationId = application?.applicationId ?? null
    const occurrence = {
      key: `${applicationId ?? organizationId}:${Math.floor(nowMs / DAY_MS)}:${limit}`,
      type: 'jethook.quota.warned' as const,
      atMs: nowMs,
      organizationId,
      applicationId,
      subscriptionId: null,
      details: { quota: 'events_per_day', used, limit },
    }
    const message = operationalEventMessage(occurrence, operational, { nowMs, controlSeq: registry.seq })
    events
      .append(message)
      .catch((error: unknown) => logger.error({ err: error, organizationId }, 'a quota warning could not be appended'))
  }
}
