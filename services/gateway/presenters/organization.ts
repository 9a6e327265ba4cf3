import type { OrganizationAnswer, OrganizationInfo } from '#shared/contract/account-schemas.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { ApplicationState, OrganizationState } from '#shared/facts/control.ts'
import type { OrganizationLimits } from '../quotas/limits.ts'
import { applicationSteps, stepOf } from './application.ts'

export function presentOrganization(organization: OrganizationState, role: string): OrganizationAnswer {
  return { organization_id: organization.organizationId, name: organization.name, role, plan: null }
}

export interface OrganizationFacts {
  organization: OrganizationState
  /** The live ones. */
  applications: readonly ApplicationState[]
  /** Events of today by application. */
  counts: ReadonlyMap<string, number>
  /** Applications that have ever posted an event. */
  withEvents: ReadonlySet<string>
  limits: OrganizationLimits
  registry: Registry
}

export function presentOrganizationInfo(facts: OrganizationFacts): OrganizationInfo {
  const { organization, applications, counts, withEvents, limits, registry } = facts
  const users = membersOf(organization.organizationId, registry)
  const steps = applications.map(({ applicationId }) => applicationSteps(applicationId, withEvents, registry))
  const some = (step: 'event_type' | 'subscription' | 'event') => stepOf(steps.some((each) => each[step] === 'Done'))
  return {
    organization_id: organization.organizationId,
    name: organization.name,
    plan: null,
    users,
    quotas: {
      members_per_organization_limit: limits.members,
      applications_per_organization_limit: limits.applications,
      events_per_day_limit: limits.eventsPerDay,
      days_of_events_retention_limit: limits.daysOfEventsRetention,
    },
    consumption: {
      members: users.length,
      applications: applications.length,
      events_per_day: applications.reduce((sum, { applicationId }) => sum + (counts.get(applicationId) ?? 0), 0),
    },
    onboarding_steps: {
      application: stepOf(applications.length > 0),
      event_type: some('event_type'),
      subscription: some('subscription'),
      event: some('event'),
    },
  }
}

function membersOf(organizationId: string, registry: Registry): OrganizationInfo['users'] {
  return registry.accounts
    .membersOf(organizationId)
    .filter(({ state }) => state.deletedAtMs === null)
    .flatMap(({ state }) => {
      const user = registry.accounts.users.get(state.userId)?.state
      if (!user) return []
      const { userId, email, firstName, lastName } = user
      return [{ user_id: userId, email, first_name: firstName, last_name: lastName, role: state.role }]
    })
}
