import type { FastifyReply, FastifyRequest } from 'fastify'
import { type TSchema, Type } from 'typebox'
import {
  DiscardPost,
  JobAnswer,
  JobControl,
  JobsQuery,
  RedrivePost,
  ReplaysPost,
} from '#shared/contract/job-schemas.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import { OfApplication } from '#shared/contract/schemas.ts'
import { JOB_ACTIONS } from '#shared/domain/job.ts'
import type { RegisteredJob } from '#shared/domain/registry-jobs.ts'
import { isForNats, type JobKind } from '#shared/facts/job.ts'
import type { GatewayServer } from '../app.ts'
import { actorOf } from '../authentication.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { controlJob, createJob, findJob } from '../jobs/change-job.ts'
import { selectDeadLetters } from '../jobs/dead-letter-selection.ts'
import { selectEvents } from '../jobs/event-selection.ts'
import { creationKey, linkNext, pageOf } from '../paging.ts'
import { presentJob } from '../presenters/job.ts'
import { findDeadLetter } from '../queries/dead-letters.ts'
import { readJobOutcomes } from '../queries/jobs.ts'
import { uuidOfPath } from '../request-values.ts'
import { refuseInvalid, route } from './route.ts'

const REASON_MAX = 1_000

/** Redrives and discards of dead letters, replays of events: looked at first, then confirmed, run, paused, cancelled. */
export function registerJobRoutes(server: GatewayServer, deps: RouteDependencies): void {
  registerCreation(server, deps)
  registerSingles(server, deps)
  registerCommon(server, deps, 'redrive')
  registerCommon(server, deps, 'discard')
  registerCommon(server, deps, 'replay')
}

function registerCreation(server: GatewayServer, deps: RouteDependencies): void {
  const { authorize, config } = deps

  /** @param given.reason Null: none is asked for. */
  async function createOfLetters(
    request: FastifyRequest,
    reply: FastifyReply,
    given: { kind: 'redrive' | 'discard'; ratePerSecond: number; reason: string | null },
  ): Promise<JobAnswer> {
    const body = request.body as RedrivePost
    const application = await authorize.application(request.principal, body.application_id, `${given.kind}.create`)
    if (given.reason !== null) checkReason(given.reason)
    await request.catchUp(reply)
    const chosen = await selectDeadLetters(deps, application.applicationId, body)
    const by = actorOf(request.principal)
    const job = await createJob(deps, { ...given, ...chosen, application, isConfirmed: body.confirm ?? false, by })
    reply.code(201)
    return present(deps, job)
  }

  server.post(
    '/redrives',
    route(
      'redrive.create',
      creationSchema('redrives', RedrivePost, 'Send dead letters again: count them, then confirm'),
    ),
    (request, reply) => {
      const { rate_per_second: ratePerSecond = config.jobRatePerSecond } = request.body as RedrivePost
      return createOfLetters(request, reply, { kind: 'redrive', ratePerSecond, reason: null })
    },
  )

  server.post(
    '/discards',
    route('discard.create', creationSchema('discards', DiscardPost, 'Take dead letters off the list, with a reason')),
    (request, reply) => {
      const { reason } = request.body as DiscardPost
      return createOfLetters(request, reply, { kind: 'discard', ratePerSecond: DISCARDS_PER_SECOND, reason })
    },
  )

  server.post(
    '/replays',
    route(
      'replay.create',
      creationSchema('replays', ReplaysPost, 'Read events again and match them anew: count them, then confirm'),
    ),
    async (request, reply) => {
      const body = request.body as ReplaysPost
      const application = await authorize.application(request.principal, body.application_id, 'replay.create')
      await deps.freshRegistry.catchUp()
      const job = await createJob(deps, {
        kind: 'replay',
        application,
        selection: await selectEvents(deps, application.applicationId, body),
        preview: null,
        ratePerSecond: body.rate_per_second ?? config.jobRatePerSecond,
        reason: null,
        isConfirmed: body.confirm ?? false,
        by: actorOf(request.principal),
      })
      reply.code(201)
      return present(deps, job)
    },
  )
}

/** Nothing is sent: only bounded, so that others have their turn. */
const DISCARDS_PER_SECOND = 5_000

function creationSchema<const Body extends TSchema>(name: string, body: Body, summary: string) {
  return {
    operationId: `${name}.create`,
    tags: [tagOf(name)],
    summary,
    body,
    response: { 201: JobAnswer },
  }
}

const tagOf = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)

/** @throws {ProblemError} Validation. */
function checkReason(reason: string): void {
  if (reason.trim() !== '' && reason.length <= REASON_MAX) return
  const message = `Say why, in 1 to ${REASON_MAX} characters`
  refuseInvalid({ reason: [{ code: 'length', message, params: { min: 1, max: REASON_MAX } }] })
}

/** One dead letter, without a preview. */
function registerSingles(server: GatewayServer, deps: RouteDependencies): void {
  const { authorize, orm, config } = deps
  const params = Type.Object({ delivery_id: Type.String({ 'x-format': 'uuid' }) })
  const tags = ['Dead letters']

  const createFor = async (
    given: { deliveryId: string; applicationId: string } & Pick<
      Parameters<typeof createJob>[1],
      'kind' | 'application' | 'by' | 'reason'
    >,
  ) => {
    const { deliveryId, applicationId, ...more } = given
    const letter = await findDeadLetter(orm, applicationId, deliveryId)
    if (letter === null) throw new ProblemError('NotFound')
    if (letter.resolution !== null)
      throw new ProblemError('Conflict', {
        detail: `The dead letter was ${letter.resolution} at ${letter.resolved_at}.`,
      })
    const chosen = await selectDeadLetters(deps, applicationId, { delivery_ids: [deliveryId] })
    const job = await createJob(deps, { ...more, ...chosen, ratePerSecond: config.jobRatePerSecond, isConfirmed: true })
    return present(deps, job)
  }

  server.post(
    '/dead_letters/:delivery_id/redrive',
    route('dead_letter.redrive', {
      operationId: 'deadLetters.redrive',
      tags,
      summary: 'Send a dead letter again; the job tells what becomes of it',
      params,
      body: OfApplication,
      response: { 201: JobAnswer },
    }),
    async (request, reply) => {
      const deliveryId = uuidOfPath(request.params.delivery_id)
      const { body, principal } = request
      const application = await authorize.application(principal, body.application_id, 'dead_letter.redrive')
      const { applicationId } = application
      await request.catchUp(reply)
      reply.code(201)
      return createFor({
        deliveryId,
        applicationId,
        application,
        kind: 'redrive',
        reason: null,
        by: actorOf(principal),
      })
    },
  )

  server.post(
    '/dead_letters/:delivery_id/discard',
    route('dead_letter.discard', {
      operationId: 'deadLetters.discard',
      tags,
      summary: 'Take a dead letter off the list, with a reason',
      params,
      body: Type.Object({ ...OfApplication.properties, reason: DiscardPost.properties.reason }),
      response: { 201: JobAnswer },
    }),
    async (request, reply) => {
      const deliveryId = uuidOfPath(request.params.delivery_id)
      const { body, principal } = request
      const application = await authorize.application(principal, body.application_id, 'dead_letter.discard')
      const { applicationId } = application
      checkReason(body.reason)
      await request.catchUp(reply)
      reply.code(201)
      const { reason } = body
      return createFor({ deliveryId, applicationId, application, kind: 'discard', reason, by: actorOf(principal) })
    },
  )
}

/** What all kinds of jobs have in common. */
function registerCommon(server: GatewayServer, deps: RouteDependencies, kind: JobKind): void {
  const { authorize, registry, freshRegistry } = deps
  const name = `${kind}s` as const
  const tags = [tagOf(name)]
  const IdParams = Type.Object({ job_id: Type.String({ 'x-format': 'uuid' }) })

  server.get(
    `/${name}`,
    route(`${kind}.list`, {
      operationId: `${name}.list`,
      tags,
      summary: 'List the latest jobs, the newest first',
      querystring: JobsQuery,
      response: { 200: Type.Array(JobAnswer) },
    }),
    async (request, reply) => {
      const { query, principal } = request
      const { applicationId } = await authorize.application(principal, query.application_id, `${kind}.list`)
      await freshRegistry.catchUp()
      const jobs = registry.jobs.of(applicationId).filter(({ state }) => state.kind === kind)
      const keyOf = ({ state }: RegisteredJob) => newestFirstKey(state.createdAtMs, state.jobId)
      const { items, nextCursor } = pageOf(
        jobs.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
        keyOf,
        query,
      )
      linkNext(request, reply, nextCursor)
      return Promise.all(items.map((job) => present(deps, job)))
    },
  )

  server.get(
    `/${name}/:job_id`,
    route(`${kind}.get`, {
      operationId: `${name}.get`,
      tags,
      summary: 'Get a job: what it would do, or how far it has come',
      params: IdParams,
      querystring: OfApplication,
      response: { 200: JobAnswer },
    }),
    async (request) => {
      const jobId = uuidOfPath(request.params.job_id)
      const { application_id: id } = request.query
      const { applicationId } = await authorize.application(request.principal, id, `${kind}.get`)
      await freshRegistry.catchUp()
      return present(deps, findJob(deps, { applicationId, jobId, kind }))
    },
  )

  server.post(
    `/${name}/:job_id/:action`,
    route(`${kind}.control`, {
      operationId: `${name}.control`,
      tags,
      summary: 'Confirm, pause, resume or cancel a job; what it has handed over goes on',
      params: Type.Object({ ...IdParams.properties, action: Type.String({ enum: [...JOB_ACTIONS] }) }),
      body: JobControl,
      response: { 200: JobAnswer },
    }),
    async (request) => {
      const jobId = uuidOfPath(request.params.job_id)
      const { body, principal, params } = request
      const action = JOB_ACTIONS.find((each) => each === params.action)
      if (action === undefined) throw new ProblemError('NotFound')
      const { applicationId } = await authorize.application(principal, body.application_id, `${kind}.control`)
      const ratePerSecond = body.rate_per_second ?? null
      const asked = { action, ratePerSecond, by: actorOf(principal) }
      return present(deps, await controlJob(deps, { applicationId, jobId, kind }, asked))
    },
  )
}

const TIME_MAX = 1e15

function newestFirstKey(createdAtMs: number, jobId: string): string {
  return creationKey(TIME_MAX - createdAtMs, jobId)
}

/** What became of its deliveries only the read model knows; a job that is only being looked at, or is for a NATS client, has none. */
async function present({ orm, clock, logger }: RouteDependencies, job: RegisteredJob): Promise<JobAnswer> {
  const outcomes =
    job.progress === null || isForNats(job.state)
      ? { succeeded: job.progress?.done ?? 0, failedAgain: 0, cancelled: 0, underWay: 0 }
      : await readJobOutcomes(orm, job.state.jobId).catch((error: unknown) => {
          logger.debug({ err: error }, 'what became of a job is not to be had now')
          return null
        })
  return presentJob(job, outcomes, clock.nowMs())
}
