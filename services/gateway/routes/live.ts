import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { LIVE_KINDS, type LiveKind, LiveQuery, LiveRow } from '#shared/contract/live-schemas.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import type { GatewayServer } from '../app.ts'
import { createAuthenticator } from '../authentication.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { createLiveClient, type LiveClient } from '../live/live-client.ts'
import { createLiveFeed } from '../live/live-feed.ts'
import type { LiveFilter } from '../live/live-rows.ts'
import { badQuery, uuidOfQuery } from '../request-values.ts'
import { route } from './route.ts'

/** Also how long after its revocation a credential still sees something. */
const BEAT_MS = 15_000
const CLIENTS_MAX = 200
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
}

/** What happens, as it happens. The credential is in the header as everywhere, so a page reads it by `fetch`. */
export function registerLiveRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { authorize, freshRegistry, config } = deps
  const authenticator = createAuthenticator({ ...deps, config: config.auth })
  const feed = createLiveFeed(deps)
  const clients = new Set<LiveClient>()

  const { schema, config: routeConfig } = route('live.follow', {
    operationId: 'live.follow',
    tags: ['Overview'],
    summary: 'Follow accepted events, attempts and dead letters as server-sent events',
    description:
      'Each has its kind as `event` and a row as `data`. A client that does not read in time loses rows and gets `skipped` `{"count"}`; `ended` `{"reason"}` is the last one.',
    querystring: LiveQuery,
    response: { 200: Type.Unsafe({ content: { 'text/event-stream': { schema: LiveRow } } }) },
  })
  const options = { schema, config: { ...routeConfig, isLongLived: true }, exposeHeadRoute: false }
  server.get('/live', options, async (request, reply) => {
    const { query, headers } = request
    const filter = filterOf(query)
    await authorize.application(request.principal, filter.applicationId, 'live.follow')
    if (clients.size >= CLIENTS_MAX)
      throw new ProblemError('ServiceUnavailable', { detail: `There are ${CLIENTS_MAX} live streams already.` })
    const client = open(reply, filter)
    const timer = setInterval(() => void check(), BEAT_MS)
    reply.raw.once('close', () => clearInterval(timer))

    /** Whoever may no longer look is shown nothing more. */
    async function check(): Promise<void> {
      try {
        const principal = await freshRegistry.decide(() => authenticator.authenticate(headers.authorization))
        await authorize.application(principal, filter.applicationId, 'live.follow')
        client.beat()
      } catch (error) {
        client.end(error instanceof ProblemError ? error.document.detail : 'The stream has failed; open it again.')
      }
    }
  })

  function open(reply: FastifyReply, filter: LiveFilter): LiveClient {
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...HEADERS })
    raw.write('retry: 2000\n\n')
    const client = createLiveClient(raw, filter)
    const unfollow = feed.follow((entries) => client.write(entries))
    clients.add(client)
    raw.once('close', () => {
      unfollow()
      clients.delete(client)
    })
    return client
  }

  server.addHook('preClose', async () => {
    for (const client of clients) client.end('The server stops; open it again.')
    await feed.stop()
  })
}

/** @throws {ProblemError} 400. */
function filterOf(query: {
  application_id: string
  event_type?: string
  subscription_id?: string
  kinds?: string
}): LiveFilter {
  const kinds = (query.kinds ?? LIVE_KINDS.join(',')).split(',').map((kind) => kind.trim())
  const wrong = kinds.find((kind) => !(LIVE_KINDS as readonly string[]).includes(kind))
  if (wrong !== undefined) throw badQuery(`kinds are ${LIVE_KINDS.join(', ')}; '${wrong.slice(0, 100)}' is none`)
  return {
    applicationId: uuidOfQuery(query.application_id),
    eventType: query.event_type ?? null,
    subscriptionId: query.subscription_id === undefined ? null : uuidOfQuery(query.subscription_id),
    kinds: new Set(kinds as LiveKind[]),
  }
}
