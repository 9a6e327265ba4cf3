import { hash, timingSafeEqual } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Type } from 'typebox'
import { PROBLEMS, ProblemError, type ProblemId, problemDocument } from '#shared/contract/problems.ts'
import { Problem } from '#shared/contract/schemas.ts'
import { PAYLOAD_CONTENT_TYPES } from '#shared/domain/validate-event.ts'
import type { GatewayServer } from '../app.ts'
import type { RouteDependencies } from '../dependencies.ts'

const HEALTH_TIMEOUT_MS = 5_000
const HealthQuery = Type.Object({ key: Type.Optional(Type.String()) })

/** What is answered without a credential. */
export function registerPublicRoutes(server: GatewayServer, { orm, nats, config }: RouteDependencies): void {
  const open = { config: { isPublic: true } } as const

  server.get(
    '/errors',
    { ...open, schema: { operationId: 'errors.list', tags: ['Errors'], response: { 200: Type.Array(Problem) } } },
    async () => Object.keys(PROBLEMS).map((id) => problemDocument(id as ProblemId)),
  )

  server.get(
    '/payload_content_types',
    {
      ...open,
      schema: {
        operationId: 'payload_content_types.list',
        tags: ['Events'],
        response: { 200: Type.Array(Type.String()) },
      },
    },
    async () => [...PAYLOAD_CONTENT_TYPES],
  )

  server.get(
    '/health',
    { ...open, schema: { operationId: 'health.get', tags: ['Instance'], querystring: HealthQuery } },
    async (request, reply) => {
      const key = config.healthCheckKey
      if (key === null) throw new ProblemError('NotFound')
      if (key !== '' && !isSame(request.query.key ?? '', key)) throw new ProblemError('Forbidden')
      const startedMs = performance.now()
      const [database, streams] = await Promise.all([
        timed(orm.em.getConnection().execute('SELECT 1')),
        timed(nats.connection.rtt()),
      ])
      reply.code(database.isUp && streams.isUp ? 200 : 503)
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
      }
    },
  )

  server.get('/swagger.json', { ...open, schema: { hide: true } }, async () => server.swagger())
}

/** Compared in constant time, whatever the lengths. */
function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', wanted, 'buffer'))
}

async function timed(check: Promise<unknown>): Promise<{ isUp: boolean; durationMs: number }> {
  const startedMs = performance.now()
  const isUp = await Promise.race([check.then(() => true), delay(HEALTH_TIMEOUT_MS, false, { ref: false })]).catch(
    () => false,
  )
  return { isUp, durationMs: Math.round(performance.now() - startedMs) }
}
