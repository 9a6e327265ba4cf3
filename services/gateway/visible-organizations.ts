import type { Registry } from '#shared/domain/registry.ts'
import type { OrganizationState } from '#shared/facts/control.ts'
import type { Principal } from './authentication.ts'

export interface VisibleOrganization {
  organization: OrganizationState
  role: string
}

/** The live organisations that a principal belongs to, in the order of their ids; the master key sees all. */
export function visibleOrganizations(principal: Principal, registry: Registry): VisibleOrganization[] {
  return roles(principal, registry)
    .flatMap(([id, role]) => {
      const organization = registry.organizations.get(id)?.state
      return organization && organization.deletedAtMs === null ? [{ organization, role }] : []
    })
    .sort((a, b) => (a.organization.organizationId < b.organization.organizationId ? -1 : 1))
}

function roles(principal: Principal, registry: Registry): [organizationId: string, role: string][] {
  switch (principal.kind) {
    case 'master':
      return [...registry.organizations.keys()].map((id) => [id, 'master'])
    case 'service_token':
      return [[principal.organizationId, 'editor']]
    case 'application_secret':
      return []
    case 'user':
      return registry.accounts
        .membershipsOf(principal.id)
        .filter(({ state }) => state.deletedAtMs === null)
        .map(({ state }) => [state.organizationId, state.role])
  }
}
