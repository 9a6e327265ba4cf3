import { type Service, type ServiceMsg, Svcm } from '@nats-io/services'
import { ProblemError } from '#shared/contract/problems.ts'
import { IngestedEvent, Problem } from '#shared/contract/schemas.ts'
import { applicationOfSubject, readNatsEvent } from '#shared/domain/nats-event.ts'
import { type PartState, unwell, WELL } from '#shared/runtime/health.ts'
import { JETHOOK_VERSION } from '#shared/runtime/version.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { problemOf } from '../error-handler.ts'
import type { Ingest } from '../ingest.ts'
import { presentIngested } from '../presenters/ingested-event.ts'
import type { RateLimiter } from '../rate-limiter.ts'
import { headersOf } from './inbox-message.ts'
import { beginMessageTrace } from './message-trace.ts'
import { natsSenderOf, REQUEST_INFO } from './nats-sender.ts'

/** Not `in.…`: what is sent there INBOX stores and answers, so a request would be two events and the first answer JetStream's. */
const SUBJECT = 'ingest.*.*.*.*'
/** Asked and not yet answered at the most; further ones are told to come again. */
const UNDER_WAY_MAX = 10_000

/**
 * A NATS micro service: a request is answered as `POST /event` would be, once EVENTS has the event. Of several gateways one
 * takes it. Requests share the batches of all other posts.
 */
export interface IngestService {
  start(): Promise<void>
  /** Takes no more requests, and answers those that it has taken. */
  stop(): Promise<void>
}

export interface IngestServiceOptions extends RouteDependencies {
  ingest: Ingest
  limiter: RateLimiter | null
}

export function createIngestService(options: IngestServiceOptions): IngestService {
  const { nats, registry, clock, logger, health, ingest, limiter, config, figures, tracing } = options
  const counts = { accepted: 0, refused: 0, failed: 0 }
  const underWay = new Set<Promise<void>>()
  let service: Service | null = null

  async function answer(message: ServiceMsg): Promise<void> {
    const trace = beginMessageTrace(tracing, 'ingest', 'server', message)
    try {
      const applicationId = applicationOfSubject(message.subject)
      if (underWay.size >= UNDER_WAY_MAX)
        throw new ProblemError('ServiceUnavailable', { detail: 'Too many events are being taken; try again.' })
      if (limiter !== null && limiter.take(applicationId) !== null) throw new ProblemError('RateLimited')
      const { subject, data } = message
      const post = readNatsEvent({ subject, headers: headersOf(message), data, storedAtMs: clock.nowMs() })
      const info = config.isRequestInfoTrusted ? message.headers?.get(REQUEST_INFO) : undefined
      const sender = natsSenderOf(applicationId, info || null, registry)
      const event = await ingest.one(post, { ...sender, traceparent: trace.traceparent })
      trace.end()
      counts.accepted++
      message.respond(JSON.stringify(presentIngested(event)))
    } catch (error) {
      const problem = problemOf(error)
      figures.rejected('nats', problem.id)
      trace.end(problem.id)
      if (problem.status >= 500) {
        counts.failed++
        logger.error({ err: error }, 'a request by NATS failed')
      } else counts.refused++
      message.respondError(problem.status, problem.title, JSON.stringify(problem))
    }
  }

  function take(error: Error | null, message: ServiceMsg): void {
    if (error !== null) return
    const answering = answer(message).finally(() => underWay.delete(answering))
    underWay.add(answering)
  }

  function state(): PartState {
    return service?.isStopped ? unwell('it is not to be had: its subscription has ended') : WELL
  }

  health.register('ingest by NATS', state)
  return {
    async start() {
      service ??= await new Svcm(nats.connection).add({
        name: 'jethook',
        version: JETHOOK_VERSION,
        description: 'Takes events; each is answered once it is on disk',
        statsHandler: async () => ({ ...counts }),
      })
      service.addEndpoint('ingest', {
        subject: SUBJECT,
        handler: take,
        metadata: {
          subject: 'ingest.<application_id>.<service>.<resource>.<verb>',
          response: JSON.stringify(IngestedEvent),
          error: JSON.stringify(Problem),
        },
      })
    },
    async stop() {
      await service?.stop()
      await Promise.all(underWay)
    },
  }
}
