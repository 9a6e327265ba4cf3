import type { ApplicationAnswer, ApplicationInfo } from '#shared/contract/account-schemas.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { ApplicationState } from '#shared/facts/control.ts'
import type { OrganizationLimits } from '../quotas/limits.ts'

export type Step = 'ToDo' | 'Done'

export function stepOf(isDone: boolean): Step {
  return isDone ? 'Done' : 'ToDo'
}

export function presentApplication(state: ApplicationState): ApplicationAnswer {
  const { applicationId, organizationId, name, isOperational } = state
  return {
    application_id: applicationId,
    organization_id: organizationId,
    name,
    ...(isOperational ? { is_operational: true } : {}),
  }
}

export interface ApplicationFacts {
  application: ApplicationState
  eventsToday: number
  /** Applications that have ever posted an event. */
  withEvents: ReadonlySet<string>
  limits: Pick<OrganizationLimits, 'eventsPerDay' | 'daysOfEventsRetention'>
  registry: Registry
}

export function presentApplicationInfo({
  application,
  eventsToday,
  withEvents,
  limits,
  registry,
}: ApplicationFacts): ApplicationInfo {
  return {
    ...presentApplication(application),
    quotas: {
      events_per_day_limit: limits.eventsPerDay,
      days_of_events_retention_limit: limits.daysOfEventsRetention,
    },
    consumption: { events_per_day: eventsToday },
    onboarding_steps: applicationSteps(application.applicationId, withEvents, registry),
  }
}

export function applicationSteps(
  applicationId: string,
  withEvents: ReadonlySet<string>,
  registry: Registry,
): ApplicationInfo['onboarding_steps'] {
  const types = registry.eventTypesOf(applicationId)
  return {
    event_type: stepOf(types.some(({ state }) => state.deactivatedAtMs === null)),
    subscription: stepOf(registry.subscriptionCountOf(applicationId) > 0),
    event: stepOf(withEvents.has(applicationId)),
  }
}
