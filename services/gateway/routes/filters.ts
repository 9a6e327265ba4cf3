import { FilterTrial, FilterTrialAnswer } from '#shared/contract/schemas.ts'
import { filterDocumentOf } from '#shared/domain/match.ts'
import { compileFilter, explainFilter, validateFilter } from '#shared/domain/payload-filter.ts'
import { decodeEvent } from '#shared/facts/event.ts'
import { readStored, STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { GatewayServer } from '../app.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { listEvents } from '../queries/events.ts'
import { refuseInvalid, route } from './route.ts'

const LAST_DEFAULT = 20

/** Trying a filter on what has come before a subscription gets it. */
export function registerFilterRoutes(server: GatewayServer, { authorize, orm, nats }: RouteDependencies): void {
  server.post(
    '/filters/try',
    route('subscription.try_filter', {
      operationId: 'filters.try',
      tags: ['Subscriptions'],
      summary: 'Tell which of the newest events a filter lets through, and why not the others',
      body: FilterTrial,
      response: { 200: FilterTrialAnswer },
    }),
    async (request, reply) => {
      const { body, principal } = request
      const { applicationId } = await authorize.application(principal, body.application_id, 'subscription.try_filter')
      const refusal = validateFilter(body.filter)
      if (refusal !== null) refuseInvalid({ filter: [{ code: 'filter', message: refusal, params: {} }] })
      const filter = compileFilter(body.filter)
      await request.catchUp(reply)
      const events = await listEvents(orm, {
        applicationId,
        eventTypes: (body.event_types ?? []).map((name) => name.replaceAll('\u0000', '')),
        labels: null,
        minReceivedAt: null,
        maxReceivedAt: null,
        status: null,
        before: null,
        limit: body.last ?? LAST_DEFAULT,
      })
      const answers: FilterTrialAnswer = []
      for (const { seq, event_id, event_type_name, received_at } of events) {
        const stored = await readStored(nats, STREAM_NAMES.events, Number(seq))
        if (stored === null) continue
        answers.push({
          event_id,
          event_type_name,
          received_at,
          ...explainFilter(filter, filterDocumentOf(decodeEvent(stored.data))),
        })
      }
      return answers
    },
  )
}
