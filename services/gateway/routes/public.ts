import { setTimeout as delay } from 'node:timers/promises'
import { Type } from 'typebox'
import { PROBLEMS, ProblemError, type ProblemId, problemDocument } from '#shared/contract/problems.ts'
import { HealthAnswer, Problem } from '#shared/contract/schemas.ts'
import { PAYLOAD_CONTENT_TYPES } from '#shared/domain/validate-event.ts'
import type { GatewayServer } from '../app.ts'
import { isSame } from '../authentication.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { describeApi } from '../openapi.ts'
import { route } from './route.ts'

const HEALTH_TIMEOUT_MS = 5_000
export const HealthQuery = Type.Object({ key: Type.Optional(Type.String()) })

/** What is answered without a credential. */
export function registerPublicRoutes(
  server: GatewayServer,
  { orm, nats, config, appUrl, health }: RouteDependencies,
): void {
  server.get(
    '/errors',
    route('public', {
      operationId: 'errors.list',
      tags: ['Errors'],
      summary: 'List every problem that the API answers with',
      response: { 200: Type.Array(Problem) },
    }),
    async () => Object.keys(PROBLEMS).map((id) => problemDocument(id as ProblemId)),
  )

  server.get(
    '/payload_content_types',
    route('public', {
      operationId: 'payload_content_types.list',
      tags: ['Events'],
      summary: 'List the content types that payloads may have',
      response: { 200: Type.Array(Type.String()) },
    }),
    async () => [...PAYLOAD_CONTENT_TYPES],
  )

  server.get(
    '/health',
    route('public', {
      operationId: 'health.get',
      tags: ['Instance'],
      summary: 'Get whether the parts of the server are well',
      querystring: HealthQuery,
      response: { 200: HealthAnswer, 503: HealthAnswer },
    }),
    async (request, reply) => {
      refuseWithoutKey(request.query.key, config.healthCheckKey)
      const startedMs = performance.now()
      const [database, streams] = await Promise.all([
        timed(orm.em.getConnection().execute('SELECT 1')),
        timed(nats.connection.rtt()),
      ])
      const parts = health.parts()
      const areWell = Object.values(parts).every(({ isWell }) => isWell)
      reply.code(database.isUp && streams.isUp && areWell ? 200 : 503)
      return {
        database: database.isUp,
        database_duration_ms: database.durationMs,
        nats: streams.isUp,
        nats_duration_ms: streams.durationMs,
        pulsar: null,
        pulsar_duration_ms: null,
        object_storage: null,
        object_storage_duration_ms: null,
        total_duration_ms: Math.round(performance.now() - startedMs),
        parts: Object.fromEntries(
          Object.entries(parts).map(([part, { isWell, detail }]) => [part, { is_well: isWell, detail }]),
        ),
      }
    },
  )

  const { config: open } = route('public', { operationId: '', tags: [], summary: '' })
  let description: unknown = null
  server.get('/swagger.json', { config: open, schema: { hide: true } }, async () => {
    description ??= describeApi(server, appUrl())
    return description
  })
}

/** @throws {ProblemError} NotFound where no key is set, Forbidden for a wrong one. An empty key opens it to all. */
export function refuseWithoutKey(given: string | undefined, key: string | null): void {
  if (key === null) throw new ProblemError('NotFound')
  if (key !== '' && !isSame(given ?? '', key)) throw new ProblemError('Forbidden')
}

async function timed(check: Promise<unknown>): Promise<{ isUp: boolean; durationMs: number }> {
  const startedMs = performance.now()
  const isUp = await Promise.race([check.then(() => true), delay(HEALTH_TIMEOUT_MS, false, { ref: false })]).catch(
    () => false,
  )
  return { isUp, durationMs: Math.round(performance.now() - startedMs) }
}
