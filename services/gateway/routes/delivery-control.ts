import { Type } from 'typebox'
import { OfApplicationPost } from '#shared/contract/delivery-options.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import { laneOf } from '#shared/domain/ids.ts'
import type { DeadLetterSkipped } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import { letNextOneGo } from '#shared/runtime/let-next-one-go.ts'
import type { GatewayServer } from '../app.ts'
import { actorOf } from '../authentication.ts'
import { listHeads } from '../backlog.ts'
import { cancelChosen } from '../cancel-deliveries.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { findEvent } from '../queries/events.ts'
import { type DeliveryRecord, findDelivery, listOpenDeliveries } from '../queries/open-deliveries.ts'
import { uuidOfPath } from '../request-values.ts'
import { route } from './route.ts'

const tags = ['Deliveries']
const DeliveryParams = Type.Object({ delivery_id: Type.String({ 'x-format': 'uuid' }) })
const EventParams = Type.Object({ event_id: Type.String({ 'x-format': 'uuid' }) })

/** What a person does to single deliveries, or to those of one event. */
export function registerDeliveryControlRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { nats, orm, clock, authorize, appenders, recordAction, config } = deps

  const namesOf = ({ delivery_id, subscription_id }: DeliveryRecord) => ({
    deliveryId: delivery_id,
    subscriptionId: subscription_id,
  })

  server.post(
    '/deliveries/:delivery_id/cancel',
    route('delivery.cancel', {
      operationId: 'deliveries.cancel',
      tags,
      summary: 'Call a delivery off; a request that is on the wire is recorded, and nothing follows',
      params: DeliveryParams,
      body: OfApplicationPost,
      response: { 204: Type.Null() },
    }),
    async (request, reply) => {
      const { params, body, principal } = request
      const deliveryId = uuidOfPath(params.delivery_id)
      const application = await authorize.application(principal, body.application_id, 'delivery.cancel')
      const { applicationId } = application
      await request.catchUp(reply)
      const before = await findDelivery(orm, applicationId, deliveryId)
      if (before === null) throw new ProblemError('NotFound')
      if (before.status === 'pending') {
        const by = actorOf(principal)
        await recordAction({ action: 'cancelled', resourceKind: 'delivery', resourceId: deliveryId }, application, by)
        await cancelChosen(deps, { applicationId, by }, [namesOf(before)])
        await request.catchUp(reply)
      }
      const after = await findDelivery(orm, applicationId, deliveryId)
      switch (after?.status) {
        case 'cancelled':
          return reply.code(204).send(null)
        case 'succeeded':
        case 'dead-lettered':
          throw new ProblemError('Conflict', { detail: `The delivery has ended already: it is ${after.status}.` })
        default:
          throw new ProblemError('ServiceUnavailable', {
            detail: 'Whether it was in time is not known yet; ask again.',
          })
      }
    },
  )

  server.post(
    '/events/:event_id/deliveries/cancel',
    route('delivery.cancel', {
      operationId: 'events.cancelDeliveries',
      tags,
      summary: 'Call off every delivery of an event that is still open',
      params: EventParams,
      body: OfApplicationPost,
      response: { 204: Type.Null() },
    }),
    async (request, reply) => {
      const { params, body, principal } = request
      const eventId = uuidOfPath(params.event_id)
      const application = await authorize.application(principal, body.application_id, 'delivery.cancel')
      const { applicationId } = application
      await request.catchUp(reply)
      if ((await findEvent(orm, applicationId, eventId)) === null) throw new ProblemError('NotFound')
      const open = await listOpenDeliveries(orm, applicationId, eventId)
      const by = actorOf(principal)
      if (open.length > 0)
        await recordAction({ action: 'cancelled', resourceKind: 'event', resourceId: eventId }, application, by)
      await cancelChosen(deps, { applicationId, by }, open.map(namesOf))
      await request.catchUp(reply)
      return reply.code(204).send(null)
    },
  )

  server.post(
    '/deliveries/:delivery_id/skip',
    route('delivery.skip', {
      operationId: 'deliveries.skip',
      tags,
      summary: 'Let those go on that wait in order behind a dead letter',
      params: DeliveryParams,
      body: OfApplicationPost,
      response: { 204: Type.Null() },
    }),
    async (request, reply) => {
      const { params, body, principal } = request
      const deliveryId = uuidOfPath(params.delivery_id)
      const application = await authorize.application(principal, body.application_id, 'delivery.skip')
      const { applicationId } = application
      await request.catchUp(reply)
      const delivery = await findDelivery(orm, applicationId, deliveryId)
      if (delivery === null) throw new ProblemError('NotFound')
      if (delivery.status !== 'dead-lettered')
        throw new ProblemError('Conflict', { detail: `Only a dead letter can be skipped; this is ${delivery.status}.` })
      const { subscription_id: subscriptionId } = delivery
      const heads = await listHeads(deps, subscriptionId, Number.POSITIVE_INFINITY)
      if (!heads.includes(deliveryId)) throw new ProblemError('Conflict', { detail: 'Nothing waits behind it.' })
      const by = actorOf(principal)
      await recordAction({ action: 'skipped', resourceKind: 'delivery', resourceId: deliveryId }, application, by)
      const fact: DeadLetterSkipped = {
        v: 1,
        type: 'skipped',
        deliveryId,
        subscriptionId,
        applicationId,
        skippedAtMs: clock.nowMs(),
        skippedBy: by,
      }
      await appenders.ledger.append({
        subject: LEDGER_SUBJECTS.skipped,
        body: JSON.stringify(fact),
        msgId: `skip:${deliveryId}`,
      })
      await letNextOneGo(nats, { lane: laneOf(subscriptionId, config.laneCount), subscriptionId, deliveryId })
      return reply.code(204).send(null)
    },
  )
}
