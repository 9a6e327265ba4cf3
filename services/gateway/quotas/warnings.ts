import type { Registry } from '#shared/domain/registry.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Mailer } from '../mail/mailer.ts'
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
