import { Type } from 'typebox'
import { ProblemError } from '#shared/contract/problems.ts'
import { MaybeOfApplication, ResponseAnswer } from '#shared/contract/schemas.ts'
import type { GatewayServer } from '../app.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { presentResponse } from '../presenters/response.ts'
import { findResponse } from '../queries/responses.ts'
import { uuidOfPath } from '../request-values.ts'
import { route } from './route.ts'

export function registerResponseRoutes(server: GatewayServer, { orm, authorize }: RouteDependencies): void {
  server.get(
    '/responses/:response_id',
    route('response.get', {
      operationId: 'response.get',
      tags: ['Responses'],
      summary: 'Get what a receiver has answered',
      params: Type.Object({ response_id: Type.String({ 'x-format': 'uuid' }) }),
      querystring: MaybeOfApplication,
      response: { 200: ResponseAnswer },
    }),
    async (request, reply) => {
      const { params, query, principal } = request
      const responseId = uuidOfPath(params.response_id)
      const given =
        query.application_id === undefined
          ? null
          : await authorize.application(principal, query.application_id, 'response.get')
      await request.catchUp(reply)
      const record = await findResponse(orm, responseId)
      if (record === null || (given !== null && record.application_id !== given.applicationId))
        throw new ProblemError('NotFound')
      await authorize.application(principal, record.application_id, 'response.get')
      return presentResponse(record)
    },
  )
}
