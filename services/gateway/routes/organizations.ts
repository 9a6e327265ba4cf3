import { randomUUID } from 'node:crypto'
import { Type } from 'typebox'
import {
  EditRolePost,
  InvitePost,
  OrganizationAnswer,
  OrganizationInfo,
  OrganizationPost,
  OrganizationQuotasPut,
  RevokePost,
} from '#shared/contract/account-schemas.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import { PAGE_FIELDS } from '#shared/contract/schemas.ts'
import { validateEmail, validateName } from '#shared/domain/validate-account.ts'
import { type MembershipState, type OrganizationState, ROLES, type Role } from '#shared/facts/control.ts'
import { newMembership, newOrganization, userByEmail } from '../accounts/users.ts'
import type { GatewayServer } from '../app.ts'
import { actorOf } from '../authentication.ts'
import { requireMaster, requireUser } from '../authorization.ts'
import { changeControl, changeSeveral } from '../change-control.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { linkNext, pageOf } from '../paging.ts'
import { presentOrganization, presentOrganizationInfo } from '../presenters/organization.ts'
import { applicationsWithEvents, countEventsToday } from '../queries/event-counts.ts'
import { organizationLimits } from '../quotas/limits.ts'
import { refuseFullMembership } from '../quotas/refuse.ts'
import { changeCounted } from '../quotas/turns.ts'
import { uuidOfBody, uuidOfPath } from '../request-values.ts'
import { visibleOrganizations } from '../visible-organizations.ts'
import { refuseInvalid, route } from './route.ts'

const tags = ['Organizations']
const IdParams = Type.Object({ organization_id: Type.String({ 'x-format': 'uuid' }) })

export function registerOrganizationRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, clock, orm, authorize, freshRegistry, config } = deps

  server.get(
    '/organizations',
    route('organization.list', {
      operationId: 'organizations.list',
      tags,
      summary: 'List the organizations that the credential belongs to',
      querystring: Type.Object(PAGE_FIELDS),
      response: { 200: Type.Array(OrganizationAnswer) },
    }),
    async (request, reply) => {
      if (request.principal.kind === 'application_secret') throw new ProblemError('Forbidden')
      await freshRegistry.catchUp()
      const visible = visibleOrganizations(request.principal, registry)
      const { items, nextCursor } = pageOf(visible, ({ organization }) => organization.organizationId, request.query)
      linkNext(request, reply, nextCursor)
      return items.map(({ organization, role }) => presentOrganization(organization, role))
    },
  )

  server.post(
    '/organizations',
    route('organization.create', {
      operationId: 'organizations.create',
      tags,
      summary: 'Make an organization, with the user as its first member',
      body: OrganizationPost,
      response: { 200: OrganizationInfo },
    }),
    async ({ principal, body }) => {
      const { id: userId } = requireUser(principal)
      refuseInvalid(validateName(body.name))
      const organizationId = randomUUID()
      const making = { nowMs: clock.nowMs(), by: actorOf(principal) }
      await changeSeveral(deps, () => [
        { fact: newOrganization(organizationId, body.name, making), seq: 0 },
        { fact: newMembership(organizationId, userId, making), seq: 0 },
      ])
      return infoOf(organizationId)
    },
  )

  async function infoOf(organizationId: string): Promise<OrganizationInfo> {
    const organization = registry.organizations.get(organizationId)!.state
    const applications = registry
      .applicationsOf(organizationId)
      .map(({ state }) => state)
      .filter(({ deletedAtMs, isOperational }) => deletedAtMs === null && !isOperational)
    const ids = applications.map(({ applicationId }) => applicationId)
    const [counts, withEvents] = await Promise.all([countEventsToday(orm, ids), applicationsWithEvents(orm, ids)])
    const limits = organizationLimits(organization, config.quotas)
    return presentOrganizationInfo({ organization, applications, counts, withEvents, limits, registry })
  }

  server.get(
    '/organizations/:organization_id',
    route('organization.get', {
      operationId: 'organizations.get',
      tags,
      summary: 'Get an organization with its members, quotas and what is used of them',
      params: IdParams,
      response: { 200: OrganizationInfo },
    }),
    async (request, reply) => {
      const organizationId = uuidOfPath(request.params.organization_id)
      await authorize.organization(request.principal, organizationId, 'organization.get')
      await request.catchUp(reply)
      return infoOf(organizationId)
    },
  )

  server.put(
    '/organizations/:organization_id',
    route('organization.edit', {
      operationId: 'organizations.edit',
      tags,
      summary: 'Rename an organization',
      params: IdParams,
      body: OrganizationPost,
      response: { 200: OrganizationInfo },
    }),
    async (request, reply) => {
      const { principal, body } = request
      const organizationId = uuidOfPath(request.params.organization_id)
      await authorize.organization(principal, organizationId, 'organization.edit')
      refuseInvalid(validateName(body.name))
      await changeOrganization(organizationId, principal, { name: body.name })
      await request.catchUp(reply)
      return infoOf(organizationId)
    },
  )

  function changeOrganization(
    organizationId: string,
    principal: Parameters<typeof actorOf>[0],
    fields: Partial<OrganizationState>,
  ) {
    return changeControl<OrganizationState>(
      deps,
      () => {
        const { state, seq } = registry.organizations.get(organizationId)!
        if (state.deletedAtMs !== null) throw new ProblemError('Forbidden')
        return { fact: { ...state, ...fields, changedAtMs: clock.nowMs(), changedBy: actorOf(principal) }, seq }
      },
      { onConflict: 'refuse' },
    )
  }

  server.delete(
    '/organizations/:organization_id',
    route('organization.delete', {
      operationId: 'organizations.delete',
      tags,
      summary: 'Delete an organization that has no applications; its tokens and memberships end',
      params: IdParams,
      response: { 204: Type.Null() },
    }),
    async (request, reply) => {
      const { principal } = request
      const organizationId = uuidOfPath(request.params.organization_id)
      await authorize.organization(principal, organizationId, 'organization.delete')
      await changeSeveral(deps, () => {
        const { state, seq } = registry.organizations.get(organizationId)!
        if (state.deletedAtMs !== null) throw new ProblemError('Forbidden')
        if (registry.applicationsOf(organizationId).some((each) => each.state.deletedAtMs === null))
          throw new ProblemError('OrganizationIsNotEmpty')
        const nowMs = clock.nowMs()
        const changed = { deletedAtMs: nowMs, changedAtMs: nowMs, changedBy: actorOf(principal) }
        const ends = [...registry.serviceTokensOf(organizationId), ...registry.accounts.membersOf(organizationId)]
          .filter((each) => each.state.deletedAtMs === null)
          .map((each) => ({ fact: { ...each.state, ...changed }, seq: each.seq }))
        return [...ends.slice(0, ENDED_TOGETHER_MAX), { fact: { ...state, ...changed }, seq }]
      })
      return reply.code(204).send(null)
    },
  )

  server.put(
    '/organizations/:organization_id/quotas',
    route('organization.edit_quotas', {
      operationId: 'organizations.editQuotas',
      tags,
      summary: "Set an organization's own quotas (master key)",
      params: IdParams,
      body: OrganizationQuotasPut,
      response: { 200: OrganizationInfo },
    }),
    async ({ principal, params, body }) => {
      requireMaster(principal)
      const organizationId = uuidOfPath(params.organization_id)
      await authorize.organization(principal, organizationId, 'organization.edit')
      await changeOrganization(organizationId, principal, {
        quotas: {
          members: body.members_per_organization_limit ?? null,
          applications: body.applications_per_organization_limit ?? null,
          eventsPerDay: body.events_per_day_limit ?? null,
          daysOfEventsRetention: body.days_of_events_retention_limit ?? null,
          subscriptionsPerApplication: body.subscriptions_per_application_limit ?? null,
          eventTypesPerApplication: body.event_types_per_application_limit ?? null,
        },
      })
      return infoOf(organizationId)
    },
  )

  // -- members ---------------------------------------------------------------------------------------------------

  server.post(
    '/organizations/:organization_id/invite',
    route('organization.invite', {
      operationId: 'organizations.invite',
      tags,
      summary: 'Make a registered user a member',
      params: IdParams,
      body: InvitePost,
      response: { 200: InvitePost },
    }),
    async ({ principal, params, body }) => {
      const organizationId = uuidOfPath(params.organization_id)
      const organization = await authorize.organization(principal, organizationId, 'organization.invite')
      refuseInvalid(validateEmail(body.email))
      const role = roleOfBody(body.role)
      let membership: MembershipState | null = null as MembershipState | null
      await changeCounted(deps, organizationId, () => {
        const user = userByEmail(deps, body.email)
        if (user === null) throw new ProblemError('InvitedUserDoesNotExist')
        const before = registry.accounts.membership(organizationId, user.userId)
        if (before && before.state.deletedAtMs === null) throw new ProblemError('InvitedUserAlreadyInOrganization')
        refuseFullMembership(organization, deps)
        const making = { nowMs: clock.nowMs(), by: actorOf(principal) }
        membership = { ...newMembership(organizationId, user.userId, making), role }
        return [{ fact: membership, seq: before?.seq ?? 0 }]
      })
      tellInvited(membership!, organization, principal)
      return body
    },
  )

  function tellInvited(
    { userId, role, organizationId }: MembershipState,
    { name }: OrganizationState,
    principal: Parameters<typeof actorOf>[0],
  ): void {
    const { email } = registry.accounts.users.get(userId)!.state
    const inviter = principal.kind === 'user' ? registry.accounts.users.get(principal.id)?.state : undefined
    const invitedBy = inviter ? `${inviter.firstName} ${inviter.lastName}` : 'An administrator'
    const link = new URL(`/organizations/${organizationId}`, deps.appUrl()).href
    deps.mailer
      .send(email, { type: 'invited', organizationName: name, invitedBy, role, link })
      .catch((error: unknown) => deps.logger.error({ err: error, user_id: userId }, 'a mail could not be sent'))
  }

  server.delete(
    '/organizations/:organization_id/invite',
    route('organization.revoke', {
      operationId: 'organizations.revoke',
      tags,
      summary: 'End a membership',
      params: IdParams,
      body: RevokePost,
      response: { 200: RevokePost },
    }),
    async ({ principal, params, body }) => {
      const organizationId = uuidOfPath(params.organization_id)
      await authorize.organization(principal, organizationId, 'organization.revoke')
      const userId = uuidOfBody(body.user_id)
      await changeMembership(organizationId, userId, principal, () => ({ deletedAtMs: clock.nowMs() }))
      return { user_id: userId }
    },
  )

  server.put(
    '/organizations/:organization_id/invite',
    route('organization.edit_role', {
      operationId: 'organizations.editRole',
      tags,
      summary: "Change a member's role",
      params: IdParams,
      body: EditRolePost,
      response: { 200: EditRolePost },
    }),
    async ({ principal, params, body }) => {
      const organizationId = uuidOfPath(params.organization_id)
      await authorize.organization(principal, organizationId, 'organization.edit_role')
      const userId = uuidOfBody(body.user_id)
      if (principal.kind === 'user' && principal.id === userId) throw new ProblemError('Forbidden')
      const role = roleOfBody(body.role)
      await changeMembership(organizationId, userId, principal, () => ({ role }))
      return { user_id: userId, role }
    },
  )

  function changeMembership(
    organizationId: string,
    userId: string,
    principal: Parameters<typeof actorOf>[0],
    fields: () => Partial<MembershipState>,
  ) {
    return changeControl<MembershipState>(
      deps,
      () => {
        const before = registry.accounts.membership(organizationId, userId)
        if (!before || before.state.deletedAtMs !== null) throw new ProblemError('NotFound')
        const changed = { changedAtMs: clock.nowMs(), changedBy: actorOf(principal) }
        return { fact: { ...before.state, ...fields(), ...changed }, seq: before.seq }
      },
      { onConflict: 'refuse' },
    )
  }
}

/** Of more tokens and members than fit into one batch the rest ends with their organisation all the same. */
const ENDED_TOGETHER_MAX = 900

/** @throws {ProblemError} InvalidRole. */
function roleOfBody(role: string): Role {
  const known = ROLES.find((each) => each === role)
  if (known === undefined) throw new ProblemError('InvalidRole')
  return known
}
