import { Type } from 'typebox'
import { ServiceTokenAnswer, ServiceTokenPost } from '#shared/contract/account-schemas.ts'
import { Uuid } from '#shared/contract/primitives.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import { PAGE_FIELDS } from '#shared/contract/schemas.ts'
import { validateTokenName } from '#shared/domain/validate-account.ts'
import type { ServiceTokenState } from '#shared/facts/control.ts'
import type { GatewayServer } from '../app.ts'
import { actorOf, type Principal } from '../authentication.ts'
import { changeControl } from '../change-control.ts'
import { newServiceToken, openServiceToken } from '../credentials.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { creationKey, livePage } from '../paging.ts'
import { timeText } from '../presenters/time.ts'
import { uuidOfPath } from '../request-values.ts'
import { refuseInvalid, route } from './route.ts'

const tags = ['Service tokens']
const IdParams = Type.Object({ service_token_id: Type.String({ 'x-format': 'uuid' }) })
const OfOrganization = Type.Object({ organization_id: Uuid })

export function registerServiceTokenRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, clock, authorize, secretBox } = deps

  const present = (state: ServiceTokenState): ServiceTokenAnswer => ({
    token_id: state.tokenId,
    name: state.name,
    biscuit: openServiceToken(secretBox, state),
    created_at: timeText(state.createdAtMs),
  })

  /** @throws {ProblemError} NotFound when the organisation has no such live token. */
  function find(tokenId: string, organizationId: string) {
    const found = registry.serviceTokens.get(tokenId)
    if (!found || found.state.organizationId !== organizationId || found.state.deletedAtMs !== null)
      throw new ProblemError('NotFound')
    return found
  }

  server.get(
    '/service_token',
    route('service_token.list', {
      operationId: 'serviceToken.list',
      tags,
      summary: 'List the service tokens of an organization',
      querystring: Type.Object({ organization_id: Uuid, ...PAGE_FIELDS }),
      response: { 200: Type.Array(ServiceTokenAnswer) },
    }),
    async (request, reply) => {
      const { organization_id: id } = request.query
      const { organizationId } = await authorize.organization(request.principal, id, 'service_token.list')
      await deps.freshRegistry.catchUp()
      const keyOf = (each: ServiceTokenState) => creationKey(each.createdAtMs, each.tokenId)
      return livePage({ request, reply }, registry.serviceTokensOf(organizationId), keyOf).map(present)
    },
  )

  server.post(
    '/service_token',
    route('service_token.create', {
      operationId: 'serviceToken.create',
      tags,
      summary: 'Make a service token, which acts as an editor of its organization',
      body: ServiceTokenPost,
      response: { 201: ServiceTokenAnswer },
    }),
    async ({ principal, body }, reply) => {
      const { organizationId } = await authorize.organization(principal, body.organization_id, 'service_token.create')
      refuseInvalid(validateTokenName(body.name))
      const making = { nowMs: clock.nowMs(), by: actorOf(principal) }
      const { state } = newServiceToken(secretBox, { organizationId, name: body.name }, making)
      await changeControl(deps, () => ({ fact: state, seq: 0 }))
      reply.code(201)
      return present(state)
    },
  )

  server.get(
    '/service_token/:service_token_id',
    route('service_token.get', {
      operationId: 'serviceToken.get',
      tags,
      summary: 'Get a service token',
      params: IdParams,
      querystring: OfOrganization,
      response: { 200: ServiceTokenAnswer },
    }),
    async ({ principal, params, query }) => {
      const tokenId = uuidOfPath(params.service_token_id)
      const { organizationId } = await authorize.organization(principal, query.organization_id, 'service_token.get')
      await deps.freshRegistry.catchUp()
      return present(find(tokenId, organizationId).state)
    },
  )

  function changeToken(
    tokenId: string,
    organizationId: string,
    principal: Principal,
    fields: () => Partial<ServiceTokenState>,
  ) {
    return changeControl<ServiceTokenState>(
      deps,
      () => {
        const { state, seq } = find(tokenId, organizationId)
        return { fact: { ...state, ...fields(), changedAtMs: clock.nowMs(), changedBy: actorOf(principal) }, seq }
      },
      { onConflict: 'refuse' },
    )
  }

  server.put(
    '/service_token/:service_token_id',
    route('service_token.edit', {
      operationId: 'serviceToken.edit',
      tags,
      summary: 'Rename a service token',
      params: IdParams,
      body: ServiceTokenPost,
      response: { 200: ServiceTokenAnswer },
    }),
    async ({ principal, params, body }) => {
      const tokenId = uuidOfPath(params.service_token_id)
      const { organizationId } = await authorize.organization(principal, body.organization_id, 'service_token.edit')
      refuseInvalid(validateTokenName(body.name))
      const changed = await changeToken(tokenId, organizationId, principal, () => ({ name: body.name }))
      return present(changed!.fact)
    },
  )

  server.delete(
    '/service_token/:service_token_id',
    route('service_token.delete', {
      operationId: 'serviceToken.delete',
      tags,
      summary: 'Revoke a service token: it stops working at once',
      params: IdParams,
      querystring: OfOrganization,
      response: { 204: Type.Null() },
    }),
    async ({ principal, params, query }, reply) => {
      const tokenId = uuidOfPath(params.service_token_id)
      const { organizationId } = await authorize.organization(principal, query.organization_id, 'service_token.delete')
      await changeToken(tokenId, organizationId, principal, () => ({ deletedAtMs: clock.nowMs() }))
      return reply.code(204).send(null)
    },
  )
}
