import swagger from '@fastify/swagger'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Service } from '#shared/runtime/lifecycle.ts'
import { createMailer } from '#shared/runtime/mail/mailer.ts'
import { createAuthenticator, type Principal } from './authentication.ts'
import { createAuthorizer } from './authorizer.ts'
import { registerBacklogFigures } from './backlog-figures.ts'
import type { GatewayConfig } from './config.ts'
import { registerDashboard } from './dashboard.ts'
import type { GatewayDependencies, RouteDependencies } from './dependencies.ts'
import { problemOf } from './error-handler.ts'
import { createFreshRegistry } from './fresh-registry.ts'
import { createIngestFigures, type IngestFigures } from './ingest-figures.ts'
import { createNatsDoor } from './nats-door/nats-door.ts'
import { OPENAPI_OPTIONS } from './openapi.ts'
import { type Action, ruleOf } from './permissions.ts'
import { createEventQuota, type QuotaWarning } from './quotas/event-quota.ts'
import { createQuotaMails, createQuotaWarningEvents } from './quotas/warnings.ts'
import { createRequestLimits, type RequestLimits } from './rate-limits.ts'
import { createReadYourWrites } from './read-your-writes.ts'
import { createRecordAction } from './record-action.ts'
import { traceRequests } from './request-traces.ts'
import { registerApplicationSecretRoutes } from './routes/application-secrets.ts'
import { registerApplicationRoutes } from './routes/applications.ts'
import { registerAuditRoutes } from './routes/audit.ts'
import { registerAuthRoutes } from './routes/auth.ts'
import { registerDeadLetterRoutes } from './routes/dead-letters.ts'
import { registerDeliveryControlRoutes } from './routes/delivery-control.ts'
import { registerDocs } from './routes/docs.ts'
import { registerEventTypeRoutes } from './routes/event-types.ts'
import { registerEventRoutes } from './routes/events.ts'
import { registerEventsPerDayRoutes } from './routes/events-per-day.ts'
import { registerFilterRoutes } from './routes/filters.ts'
import { registerGuide } from './routes/guide.ts'
import { registerInstanceRoutes } from './routes/instance.ts'
import { registerJobRoutes } from './routes/jobs.ts'
import { registerLiveRoutes } from './routes/live.ts'
import { registerOperationalApplicationRoutes } from './routes/operational-application.ts'
import { registerOrganizationRoutes } from './routes/organizations.ts'
import { registerOverviewRoutes } from './routes/overview.ts'
import { HealthQuery, refuseWithoutKey, registerPublicRoutes } from './routes/public.ts'
import { registerRejectionRoutes } from './routes/rejections.ts'
import { registerRequestAttemptRoutes } from './routes/request-attempts.ts'
import { registerResponseRoutes } from './routes/responses.ts'
import { registerSearchRoutes } from './routes/search.ts'
import { registerServiceTokenRoutes } from './routes/service-tokens.ts'
import { registerSubscriptionControlRoutes } from './routes/subscription-control.ts'
import { registerSubscriptionSecretRoutes } from './routes/subscription-secrets.ts'
import { registerSubscriptionRoutes } from './routes/subscriptions.ts'
import { registerSystemRoutes } from './routes/system.ts'
import { registerTimelineRoutes } from './routes/timeline.ts'
import { registerUsageRoutes } from './routes/usage.ts'
import { createSchemaChecker } from './schema-check/schema-checker.ts'
import { createServer, type GatewayServer, refuseOtherMethods } from './server.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route that asks for a credential. */
    principal: Principal
    appUrl: string
    /** Waits until the read model shows everything acknowledged before; says in a header whether it does. */
    catchUp(reply: FastifyReply): Promise<void>
  }
  interface FastifyContextConfig {
    /** What the route does, in the table of permissions; without one it is answered to nobody. */
    action?: Action
    /** Events are posted here: rate limits of their own. */
    isIngest?: boolean
    /** It stays open as long as the client wants. */
    isLongLived?: boolean
    /** Its body may also be a CloudEvent, in either mode. */
    takesCloudEvents?: boolean
  }
}

export type { GatewayServer } from './server.ts'

export interface Gateway extends Service {
  /** Where it listens, with the port that it really got. */
  url(): string
}

/** The port can't be had; the message names it and the setting. */
export class PortTakenError extends Error {
  override name = 'PortTakenError'
}

const SCHEMA_CHECKER_LIMITS = { compiledMax: 200, memoryMaxMb: 128, waitingMax: 1_000 }
const MAIL_TIMEOUT_MS = 10_000

/** The REST API: writes to the streams, reads from the registry and the read model. */
export function createGateway(deps: GatewayDependencies): Gateway {
  const { config, logger } = deps
  let listeningUrl = ''
  const routeDeps = createRouteDependencies(deps, () => config.appUrl ?? listeningUrl)
  const natsDoor = createNatsDoor(routeDeps)
  registerBacklogFigures({ ...deps, laneCount: config.laneCount })
  let starting: Promise<GatewayServer> | null = null

  async function start(): Promise<GatewayServer> {
    await routeDeps.eventQuota.start()
    const server = await createServer(config, logger)
    decorateRequests(server, routeDeps)
    countEvents(server, routeDeps.figures)
    traceRequests(server, routeDeps)
    await registerRoutes(server, routeDeps)
    listeningUrl = await listen(server, config)
    await natsDoor.start()
    return server
  }

  return {
    name: 'gateway',
    async start() {
      starting ??= start()
      await starting
    },
    async stop() {
      const server = await starting?.catch(() => null)
      await natsDoor.stop()
      if (server) await close(server, config.shutdownTimeoutMs)
      routeDeps.mailer.close()
      await Promise.all([routeDeps.eventQuota.stop(), routeDeps.schemaChecker.stop()])
    },
    url: () => listeningUrl,
  }
}

function createRouteDependencies(deps: GatewayDependencies, appUrl: () => string): RouteDependencies {
  const { config, logger, registry } = deps
  const freshRegistry = createFreshRegistry(deps)
  const mailer = createMailer({ ...config.mail, timeoutMs: MAIL_TIMEOUT_MS, logger })
  const timeLimitMs = config.schemaCheckTimeoutMs
  const sendMails = createQuotaMails({ registry, mailer, logger })
  const appendEvent = createQuotaWarningEvents({ ...deps, events: deps.appenders.events })
  const onWarning = (warning: QuotaWarning) => {
    if (config.quotas.areWarningsMailed) sendMails(warning)
    appendEvent(warning)
  }
  return {
    ...deps,
    appUrl,
    readYourWrites: createReadYourWrites({ ...deps, timeoutMs: config.readYourWritesTimeoutMs }),
    freshRegistry,
    authorize: createAuthorizer(registry, freshRegistry),
    recordAction: createRecordAction({ ...deps, control: deps.appenders.control }),
    mailer,
    schemaChecker: createSchemaChecker({ ...SCHEMA_CHECKER_LIMITS, timeLimitMs }),
    eventQuota: createEventQuota({ ...deps, config: config.quotas, onWarning }),
    figures: createIngestFigures(deps.metrics),
  }
}

/** Also what is refused before anybody has looked at the event. */
function countEvents(server: GatewayServer, figures: IngestFigures): void {
  server.addHook('onError', (request, _, error, done) => {
    if (request.routeOptions.config.isIngest) figures.rejected('rest', problemOf(error).id)
    done()
  })
  server.addHook('onResponse', (request, reply, done) => {
    if (request.routeOptions.config.isIngest && reply.statusCode < 300) figures.answered(reply.elapsedTime)
    done()
  })
}

/** Limits and credentials are checked before a body is read. */
function decorateRequests(server: GatewayServer, deps: RouteDependencies): void {
  const limits = createRequestLimits(deps.config.rateLimits, deps.clock)
  server.decorateRequest('principal')
  server.decorateRequest('appUrl', '')
  server.decorateRequest('catchUp', async function catchUp(this: FastifyRequest, reply: FastifyReply) {
    const isCurrent = await deps.readYourWrites.catchUp()
    reply.header('jethook-read-model', isCurrent ? 'current' : 'behind')
  })
  server.addHook('onRequest', createGate(deps, limits))
}

type Gate = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

/** Synchronous where nothing has to be waited for: events come through here. */
function createGate(deps: RouteDependencies, limits: RequestLimits): Gate {
  const { authenticate } = createAuthenticator({ ...deps, config: deps.config.auth })

  /** @returns nothing when the request may go on at once, else a promise of that. */
  function check(request: FastifyRequest, reply: FastifyReply): Promise<void> | undefined {
    limits.beforeAuthentication(request, reply)
    const { action } = request.routeOptions.config
    const scope = action === undefined ? 'public' : ruleOf(action).scope
    // What has no action is a wrong method or an unknown address, and answers for itself.
    if (scope === 'public' || scope === 'refresh') return undefined
    const refuse = (error: unknown): never => {
      limits.afterRefusal(request, reply)
      throw error
    }
    const admit = (principal: Principal): void => {
      request.principal = principal
      limits.afterAuthentication(request, reply)
    }
    let found: Principal | Promise<Principal>
    try {
      found = deps.freshRegistry.decide(() => authenticate(request.headers.authorization))
    } catch (error) {
      return refuse(error)
    }
    if (found instanceof Promise) return found.then(admit, refuse)
    admit(found)
    return undefined
  }

  return (request, reply, done) => {
    request.appUrl = deps.appUrl()
    let waiting: Promise<void> | undefined
    try {
      waiting = check(request, reply)
    } catch (error) {
      done(error as Error)
      return
    }
    if (waiting === undefined) done()
    else waiting.then(() => done(), done)
  }
}

export async function registerRoutes(server: GatewayServer, deps: RouteDependencies): Promise<void> {
  await server.register(swagger, OPENAPI_OPTIONS)
  const refuseTheRest = refuseOtherMethods(server)
  await server.register(
    async (api) => {
      const routes = api as unknown as GatewayServer
      registerPublicRoutes(routes, deps)
      registerInstanceRoutes(routes, deps)
      registerAuthRoutes(routes, deps)
      registerOrganizationRoutes(routes, deps)
      registerOperationalApplicationRoutes(routes, deps)
      registerServiceTokenRoutes(routes, deps)
      registerApplicationRoutes(routes, deps)
      registerApplicationSecretRoutes(routes, deps)
      registerEventTypeRoutes(routes, deps)
      registerSubscriptionRoutes(routes, deps)
      registerSubscriptionControlRoutes(routes, deps)
      registerSubscriptionSecretRoutes(routes, deps)
      registerFilterRoutes(routes, deps)
      registerEventRoutes(routes, deps)
      registerDeliveryControlRoutes(routes, deps)
      registerEventsPerDayRoutes(routes, deps)
      registerRequestAttemptRoutes(routes, deps)
      registerResponseRoutes(routes, deps)
      registerAuditRoutes(routes, deps)
      registerDeadLetterRoutes(routes, deps)
      registerJobRoutes(routes, deps)
      registerTimelineRoutes(routes, deps)
      registerRejectionRoutes(routes, deps)
      registerOverviewRoutes(routes, deps)
      registerUsageRoutes(routes, deps)
      registerLiveRoutes(routes, deps)
      registerSearchRoutes(routes, deps)
      registerSystemRoutes(routes, deps)
    },
    { prefix: '/api/v1' },
  )
  refuseTheRest(server)
  registerReadiness(server, deps)
  registerMetrics(server, deps)
  await registerDocs(server)
  await registerGuide(server)
  await registerDashboard(server, deps.config.dashboardFolder)
}

/**
 * For whoever sends requests here: whether events would be taken. Postgres isn't asked, since events don't need it; more is
 * told by `/api/v1/health`.
 */
function registerReadiness(server: GatewayServer, { nats }: RouteDependencies): void {
  server.get('/ready', { schema: { hide: true } }, async (_, reply) => {
    const isReady = nats.isUp()
    reply.code(isReady ? 200 : 503)
    return { ready: isReady }
  })
}

/** For Prometheus; asks for the same key as the health check, and is not there without one. */
function registerMetrics(server: GatewayServer, { metrics, config }: RouteDependencies): void {
  server.get('/metrics', { schema: { hide: true, querystring: HealthQuery } }, async (request, reply) => {
    refuseWithoutKey(request.query.key, config.healthCheckKey)
    reply.header('content-type', metrics.contentType)
    return metrics.text()
  })
}

async function listen(server: GatewayServer, { host, port }: GatewayConfig): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE')
      throw new PortTakenError(
        `Port ${port} of ${host} is taken by another program. Set PORT to a free one, for example PORT=${port + 1}.`,
      )
    if (code === 'EACCES')
      throw new PortTakenError(`Port ${port} may not be used by this user. Set PORT to one from 1024 on.`)
    throw error
  }
}

/** Takes no more connections and finishes what is in hand; whoever keeps a connection busy is cut off in the end. */
async function close(server: GatewayServer, timeoutMs: number): Promise<void> {
  const cutOff = setTimeout(() => server.server.closeAllConnections(), timeoutMs)
  try {
    await server.close()
  } finally {
    clearTimeout(cutOff)
  }
}
