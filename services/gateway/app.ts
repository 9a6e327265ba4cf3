import swagger from '@fastify/swagger'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Service } from '#shared/runtime/lifecycle.ts'
import { JETHOOK_VERSION } from '#shared/runtime/version.ts'
import { createAuthenticator, type Principal } from './authentication.ts'
import type { GatewayConfig } from './config.ts'
import type { GatewayDependencies, RouteDependencies } from './dependencies.ts'
import { createFreshRegistry } from './fresh-registry.ts'
import { createReadYourWrites } from './read-your-writes.ts'
import { registerEventTypeRoutes } from './routes/event-types.ts'
import { registerEventRoutes } from './routes/events.ts'
import { registerInstanceRoutes } from './routes/instance.ts'
import { registerPublicRoutes } from './routes/public.ts'
import { registerRequestAttemptRoutes } from './routes/request-attempts.ts'
import { registerResponseRoutes } from './routes/responses.ts'
import { registerSubscriptionRoutes } from './routes/subscriptions.ts'
import { createServer, type GatewayServer, refuseOtherMethods } from './server.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route that is not public. */
    principal: Principal
    appUrl: string
    /** Waits until the read model shows everything acknowledged before; says in a header whether it does. */
    catchUp(reply: FastifyReply): Promise<void>
  }
  interface FastifyContextConfig {
    isPublic?: boolean
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

/** The REST API: writes to the streams, reads from the read model. */
export function createGateway(deps: GatewayDependencies): Gateway {
  const { config, logger } = deps
  const routeDeps: RouteDependencies = {
    ...deps,
    readYourWrites: createReadYourWrites({ ...deps, timeoutMs: config.readYourWritesTimeoutMs }),
    freshRegistry: createFreshRegistry(deps),
  }
  let starting: Promise<GatewayServer> | null = null
  let listeningUrl = ''

  async function start(): Promise<GatewayServer> {
    const server = await createServer(config, logger)
    decorateRequests(server, routeDeps, () => config.appUrl ?? listeningUrl)
    await registerRoutes(server, routeDeps, config)
    listeningUrl = await listen(server, config)
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
      if (server) await close(server, config.shutdownTimeoutMs)
    },
    url: () => listeningUrl,
  }
}

/** Credentials are checked before a body is read. */
function decorateRequests(server: GatewayServer, deps: RouteDependencies, appUrl: () => string): void {
  const authenticate = createAuthenticator(deps)
  server.decorateRequest('principal')
  server.decorateRequest('appUrl', '')
  server.decorateRequest('catchUp', async function catchUp(this: FastifyRequest, reply: FastifyReply) {
    const isCurrent = await deps.readYourWrites.catchUp()
    reply.header('jethook-read-model', isCurrent ? 'current' : 'behind')
  })
  server.addHook('onRequest', (request, _, done) => {
    request.appUrl = appUrl()
    if (request.routeOptions.config.isPublic) {
      done()
      return
    }
    const found = deps.freshRegistry.decide(() => authenticate(request.headers.authorization))
    if (!(found instanceof Promise)) {
      request.principal = found
      done()
      return
    }
    found.then((principal) => {
      request.principal = principal
      done()
    }, done)
  })
}

async function registerRoutes(server: GatewayServer, deps: RouteDependencies, config: GatewayConfig): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'jethook', version: JETHOOK_VERSION },
      servers: [{ url: config.appUrl ?? `http://${config.host}:${config.port}` }],
      components: { securitySchemes: { biscuit: { type: 'http', scheme: 'bearer' } } },
      security: [{ biscuit: [] }],
    },
  })
  const refuseTheRest = refuseOtherMethods(server)
  await server.register(
    async (api) => {
      const routes = api as unknown as GatewayServer
      registerPublicRoutes(routes, deps)
      registerInstanceRoutes(routes)
      registerEventRoutes(routes, deps)
      registerEventTypeRoutes(routes, deps)
      registerSubscriptionRoutes(routes, deps)
      registerRequestAttemptRoutes(routes, deps)
      registerResponseRoutes(routes, deps)
    },
    { prefix: '/api/v1' },
  )
  refuseTheRest(server)
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
