import { ProblemError } from '#shared/contract/problems.ts'
import { isPattern } from '#shared/domain/event-type-pattern.ts'
import type { ApplicationState, OrganizationState } from '#shared/facts/control.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { organizationLimits } from './limits.ts'

type QuotaDependencies = Pick<RouteDependencies, 'registry' | 'config'>

/** What is counted is what CONTROL says at the moment of the change; each refuses when one more would be too many. */
const isLive = ({ state }: { state: { deletedAtMs: number | null } }) => state.deletedAtMs === null

/** @throws {ProblemError} TooManyMembersPerOrganization. */
export function refuseFullMembership(organization: OrganizationState, { registry, config }: QuotaDependencies): void {
  const count = registry.accounts.membersOf(organization.organizationId).filter(isLive).length
  if (count >= organizationLimits(organization, config.quotas).members)
    throw new ProblemError('TooManyMembersPerOrganization')
}

/** @throws {ProblemError} TooManyApplicationsPerOrganization. */
export function refuseFullOrganization(organization: OrganizationState, { registry, config }: QuotaDependencies): void {
  const count = registry
    .applicationsOf(organization.organizationId)
    .filter((each) => isLive(each) && !each.state.isOperational).length
  if (count >= organizationLimits(organization, config.quotas).applications)
    throw new ProblemError('TooManyApplicationsPerOrganization')
}

/** @throws {ProblemError} TooManySubscriptionsPerApplication. */
export function refuseFullApplication(application: ApplicationState, deps: QuotaDependencies): void {
  const count = deps.registry.subscriptionCountOf(application.applicationId)
  if (count >= limitsOf(application, deps).subscriptionsPerApplication)
    throw new ProblemError('TooManySubscriptionsPerApplication')
}

/** @throws {ProblemError} TooManyEventTypesPerApplication. */
export function refuseFullCatalogue(application: ApplicationState, deps: QuotaDependencies): void {
  const count = deps.registry
    .eventTypesOf(application.applicationId)
    .filter(({ state }) => state.deactivatedAtMs === null).length
  if (count >= limitsOf(application, deps).eventTypesPerApplication)
    throw new ProblemError('TooManyEventTypesPerApplication')
}

function limitsOf({ organizationId }: ApplicationState, { registry, config }: QuotaDependencies) {
  return organizationLimits(registry.organizations.get(organizationId)!.state, config.quotas)
}

/** @throws {ProblemError} EventTypeDoesNotExist, naming the types that an application has never had; patterns need none. */
export function refuseUnknownEventTypes(
  names: readonly string[],
  applicationId: string,
  { registry }: QuotaDependencies,
): void {
  const unknown = names.filter((name) => !isPattern(name) && registry.eventType(applicationId, name) === undefined)
  if (unknown.length > 0) {
    throw new ProblemError('EventTypeDoesNotExist', {
      detail: `These event types do not exist: ${unknown.join(', ').slice(0, 1_000)}.`,
    })
  }
}
