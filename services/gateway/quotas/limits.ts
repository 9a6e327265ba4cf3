import type { ApplicationState, OrganizationState } from '#shared/facts/control.ts'
import type { QuotaConfig } from '../config.ts'

/** No limit is the contract's largest number. */
export const NO_LIMIT = 2_147_483_647

export interface OrganizationLimits {
  members: number
  applications: number
  eventsPerDay: number
  daysOfEventsRetention: number
  subscriptionsPerApplication: number
  eventTypesPerApplication: number
}

/** What holds for an organisation: its own quotas, else the server's; nothing when quotas are not enforced. */
export function organizationLimits({ quotas }: OrganizationState, config: QuotaConfig): OrganizationLimits {
  const of = (name: keyof OrganizationLimits) => (config.isEnforced ? (quotas[name] ?? config[name]) : NO_LIMIT)
  return {
    members: of('members'),
    applications: of('applications'),
    eventsPerDay: of('eventsPerDay'),
    daysOfEventsRetention: of('daysOfEventsRetention'),
    subscriptionsPerApplication: of('subscriptionsPerApplication'),
    eventTypesPerApplication: of('eventTypesPerApplication'),
  }
}

/** What holds for one application: its own quotas, but never more than its organisation's. */
export function applicationLimits(
  { quotas }: ApplicationState,
  organization: OrganizationLimits,
): Pick<OrganizationLimits, 'eventsPerDay' | 'daysOfEventsRetention'> {
  return {
    eventsPerDay: Math.min(quotas.eventsPerDay ?? NO_LIMIT, organization.eventsPerDay),
    daysOfEventsRetention: Math.min(quotas.daysOfEventsRetention ?? NO_LIMIT, organization.daysOfEventsRetention),
  }
}
