import { Type } from 'typebox'
import { ProblemError } from '#shared/contract/problems.ts'
import { MaybeOfApplication, ResponseAnswer } from '#shared/contract/schemas.ts'
import type { GatewayServer } from '../app.ts'
import { authorizeApplication } from '../authentication.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { presentResponse } from '../presenters/response.ts'
import { findResponse } from '../queries/responses.ts'
import { uuidOfPath, uuidOfQuery } from '../request-values.ts'

export function registerResponseRoutes(server: GatewayServer, { orm, registry }: RouteDependencies): void {
  server.get(
    '/responses/:response_id',
    {
      schema: {
        operationId: 'response.get',
        tags: ['Responses'],
        params: Type.Object({ response_id: Type.String() }),
        querystring: MaybeOfApplication,
        response: { 200: ResponseAnswer },
      },
    },
    async (request, reply) => {
      const responseId = uuidOfPath(request.params.response_id)
      const { application_id: given } = request.query
      if (given !== undefined) authorizeApplication(request.principal, uuidOfQuery(given), registry)
      await request.catchUp(reply)
      const record = await findResponse(orm, responseId)
      if (record === null || (given !== undefined && record.application_id !== uuidOfQuery(given)))
        throw new ProblemError('NotFound')
      authorizeApplication(request.principal, record.application_id, registry)
      return presentResponse(record)
    },
  )
}
