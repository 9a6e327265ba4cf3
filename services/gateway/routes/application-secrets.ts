import { Type } from 'typebox'
import {
  type ApplicationSecretAnswer as Answer,
  ApplicationSecretAnswer,
  ApplicationSecretPost,
} from '#shared/contract/account-schemas.ts'
import { Uuid } from '#shared/contract/primitives.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import { PageOfApplication } from '#shared/contract/schemas.ts'
import { validateSecretName } from '#shared/domain/validate-account.ts'
import type { ApplicationSecretState } from '#shared/facts/control.ts'
import type { GatewayServer } from '../app.ts'
import { actorOf, type Principal } from '../authentication.ts'
import { changeControl } from '../change-control.ts'
import { newApplicationSecret, openApplicationSecret } from '../credentials.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { creationKey, livePage } from '../paging.ts'
import { timeText } from '../presenters/time.ts'
import { uuidOfPath, uuidOfQuery } from '../request-values.ts'
import { refuseInvalid, route } from './route.ts'

const tags = ['Application secrets']
const TokenParams = Type.Object({ application_secret_token: Type.String({ 'x-format': 'uuid' }) })

export function registerApplicationSecretRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, clock, authorize, secretBox } = deps

  const present = (state: ApplicationSecretState): Answer => ({
    name: state.name,
    token: openApplicationSecret(secretBox, state),
    created_at: timeText(state.createdAtMs),
    deleted_at: null,
  })

  server.get(
    '/application_secrets',
    route('application_secret.list', {
      operationId: 'applicationSecrets.read',
      tags,
      summary: 'List the secrets of an application',
      querystring: PageOfApplication,
      response: { 200: Type.Array(ApplicationSecretAnswer) },
    }),
    async (request, reply) => {
      const { application_id: id } = request.query
      const { applicationId } = await authorize.application(request.principal, id, 'application_secret.list')
      await deps.freshRegistry.catchUp()
      const keyOf = (each: ApplicationSecretState) => creationKey(each.createdAtMs, each.lookup)
      return livePage({ request, reply }, registry.applicationSecretsOf(applicationId), keyOf).map(present)
    },
  )

  server.post(
    '/application_secrets',
    route('application_secret.create', {
      operationId: 'applicationSecrets.create',
      tags,
      summary: 'Make a secret for an application',
      body: ApplicationSecretPost,
      response: { 201: ApplicationSecretAnswer },
    }),
    async ({ principal, body }, reply) => {
      const application = await authorize.application(principal, body.application_id, 'application_secret.create')
      refuseInvalid(validateSecretName(body.name))
      const { applicationId, organizationId } = application
      const making = { nowMs: clock.nowMs(), by: actorOf(principal) }
      const { state } = newApplicationSecret(
        secretBox,
        { applicationId, organizationId, name: body.name ?? null },
        making,
      )
      await changeControl(deps, () => ({ fact: state, seq: 0 }))
      reply.code(201)
      return present(state)
    },
  )

  /** @throws {ProblemError} NotFound when the application has no such live secret. */
  function changeSecret(
    secret: string,
    applicationId: string,
    principal: Principal,
    fields: () => Partial<ApplicationSecretState>,
  ) {
    const lookup = secretBox.lookupOf(secret)
    return changeControl<ApplicationSecretState>(
      deps,
      () => {
        const found = registry.applicationSecretsByLookup.get(lookup)
        if (!found || found.state.applicationId !== applicationId || found.state.deletedAtMs !== null)
          throw new ProblemError('NotFound')
        const changed = { changedAtMs: clock.nowMs(), changedBy: actorOf(principal) }
        return { fact: { ...found.state, ...fields(), ...changed }, seq: found.seq }
      },
      { onConflict: 'refuse' },
    )
  }

  server.put(
    '/application_secrets/:application_secret_token',
    route('application_secret.edit', {
      operationId: 'applicationSecrets.update',
      tags,
      summary: 'Rename a secret',
      params: TokenParams,
      body: ApplicationSecretPost,
      response: { 200: ApplicationSecretAnswer },
    }),
    async ({ principal, params, body }) => {
      const secret = uuidOfPath(params.application_secret_token)
      const { applicationId } = await authorize.application(principal, body.application_id, 'application_secret.edit')
      refuseInvalid(validateSecretName(body.name))
      const changed = await changeSecret(secret, applicationId, principal, () => ({ name: body.name ?? null }))
      return present(changed!.fact)
    },
  )

  async function deleteSecret(principal: Principal, application: string, secret: string): Promise<void> {
    const { applicationId } = await authorize.application(principal, application, 'application_secret.delete')
    await changeSecret(secret, applicationId, principal, () => ({ deletedAtMs: clock.nowMs() }))
  }

  server.delete(
    '/application_secrets/:application_secret_token',
    route('application_secret.delete', {
      operationId: 'applicationSecrets.delete',
      tags,
      summary: 'Delete a secret: it stops working at once',
      params: TokenParams,
      querystring: Type.Object({ application_id: Uuid }),
      response: { 204: Type.Null() },
    }),
    async ({ principal, params, query }, reply) => {
      await deleteSecret(principal, query.application_id, uuidOfPath(params.application_secret_token))
      return reply.code(204).send(null)
    },
  )

  server.delete(
    '/application_secrets',
    route('application_secret.delete', {
      operationId: 'applicationSecrets.deleteByQuery',
      tags,
      summary: "Delete a secret, as the contract's command line asks for it",
      querystring: Type.Object({ application_id: Uuid, token: Uuid }),
      response: { 204: Type.Null() },
    }),
    async ({ principal, query }, reply) => {
      await deleteSecret(principal, query.application_id, uuidOfQuery(query.token))
      return reply.code(204).send(null)
    },
  )
}
