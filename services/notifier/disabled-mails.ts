import type { Registry } from '#shared/domain/registry.ts'
import type { SubscriptionState } from '#shared/facts/control.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Mailer } from '#shared/runtime/mail/mailer.ts'
import { originOf } from './transitions.ts'

/** Tells the editors of an organisation that jethook has disabled a subscription. Mails that can't be sent are logged. */
export function createDisabledMails({
  registry,
  mailer,
  logger,
  isOn,
}: {
  registry: Registry
  mailer: Mailer
  logger: Logger
  isOn: boolean
}): (state: SubscriptionState) => Promise<void> {
  return async (state) => {
    const { disabledBecause, organizationId, applicationId, subscriptionId } = state
    if (disabledBecause === null) return
    logger.info({ subscription_id: subscriptionId, reason: disabledBecause.reason }, 'a subscription was disabled')
    if (!isOn || !mailer.isConfigured) return
    const mail = {
      type: 'subscription-disabled',
      organizationName: registry.organizations.get(organizationId)?.state.name ?? '',
      applicationName: registry.applications.get(applicationId)?.state.name ?? '',
      subscription: state.description || subscriptionId,
      origin: originOf(state),
      reason: disabledBecause.reason,
      since: new Date(disabledBecause.sinceMs).toISOString(),
    } as const
    await Promise.all(
      editorsOf(organizationId, registry).map(({ email, userId }) =>
        mailer
          .send(email, mail)
          .catch((error: unknown) => logger.error({ err: error, user_id: userId }, 'a mail could not be sent')),
      ),
    )
  }
}

function editorsOf(organizationId: string, registry: Registry): { email: string; userId: string }[] {
  return registry.accounts.membersOf(organizationId).flatMap(({ state }) => {
    const user = registry.accounts.users.get(state.userId)?.state
    return state.deletedAtMs === null && state.role === 'editor' && user?.email ? [user] : []
  })
}
