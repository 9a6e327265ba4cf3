import { ProblemError } from '#shared/contract/problems.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { ApplicationState, OrganizationState, Role } from '#shared/facts/control.ts'
import type { Principal } from './authentication.ts'
import { ACTIONS, includesRole, type ScopedAction } from './permissions.ts'

/**
 * The application, if the principal may do this to it.
 * @throws {ProblemError} Forbidden, whether it is unknown, deleted or somebody else's.
 */
export function authorizeApplication(
  principal: Principal,
  applicationId: string,
  action: ScopedAction<'application'>,
  registry: Registry,
): ApplicationState {
  const application = registry.applications.get(applicationId)?.state
  if (application === undefined || application.deletedAtMs !== null) throw new ProblemError('Forbidden')
  if (principal.kind === 'application_secret') {
    if (principal.applicationId !== applicationId) throw new ProblemError('Forbidden')
  } else {
    checkRole(principal, application.organizationId, ACTIONS[action].role, registry)
  }
  return application
}

/**
 * The organisation, if the principal may do this to it.
 * @throws {ProblemError} Forbidden, whether it is unknown, deleted or somebody else's.
 */
export function authorizeOrganization(
  principal: Principal,
  organizationId: string,
  action: ScopedAction<'organization'>,
  registry: Registry,
): OrganizationState {
  return checkRole(principal, organizationId, ACTIONS[action].role, registry)
}

function checkRole(principal: Principal, organizationId: string, wanted: Role, registry: Registry): OrganizationState {
  const organization = registry.organizations.get(organizationId)?.state
  const role = roleOf(principal, organizationId, registry)
  if (organization === undefined || organization.deletedAtMs !== null || role === null || !includesRole(role, wanted))
    throw new ProblemError('Forbidden')
  return organization
}

/** What the principal is to an organisation; null: nothing. */
export function roleOf(principal: Principal, organizationId: string, registry: Registry): Role | null {
  switch (principal.kind) {
    case 'master':
      return 'editor'
    case 'service_token':
      return principal.organizationId === organizationId ? 'editor' : null
    case 'application_secret':
      return null
    case 'user': {
      const membership = registry.accounts.membership(organizationId, principal.id)?.state
      return membership && membership.deletedAtMs === null ? membership.role : null
    }
  }
}

/** @throws {ProblemError} Forbidden for whoever is no user. */
export function requireUser(principal: Principal): Extract<Principal, { kind: 'user' }> {
  if (principal.kind !== 'user') throw new ProblemError('Forbidden')
  return principal
}

/** @throws {ProblemError} Forbidden for whoever doesn't hold the master key. */
export function requireMaster(principal: Principal): void {
  if (principal.kind !== 'master') throw new ProblemError('Forbidden')
}
