import type { Registry } from '#shared/domain/registry.ts'
import type { ApplicationState, OrganizationState } from '#shared/facts/control.ts'
import type { Principal } from './authentication.ts'
import { authorizeApplication, authorizeOrganization } from './authorization.ts'
import type { FreshRegistry } from './fresh-registry.ts'
import type { ScopedAction } from './permissions.ts'
import { uuidOfBody } from './request-values.ts'

/** Asks whether somebody may do something, with a registry that is up to date before it says no. */
export interface Authorizer {
  /** @throws {ProblemError} Forbidden. */
  application(principal: Principal, id: string, action: ScopedAction<'application'>): Promise<ApplicationState>
  /** @throws {ProblemError} Forbidden. */
  organization(principal: Principal, id: string, action: ScopedAction<'organization'>): Promise<OrganizationState>
}

export function createAuthorizer(registry: Registry, freshRegistry: FreshRegistry): Authorizer {
  return {
    application: async (principal, id, action) =>
      freshRegistry.decide(() => authorizeApplication(principal, uuidOfBody(id), action, registry)),
    organization: async (principal, id, action) =>
      freshRegistry.decide(() => authorizeOrganization(principal, uuidOfBody(id), action, registry)),
  }
}
