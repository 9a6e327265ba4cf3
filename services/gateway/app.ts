import type { IncomingMessage, ServerResponse } from 'node:http'
import cors from '@fastify/cors'
import swagger from '@fastify/swagger'
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawServerDefault,
} from 'fastify'
import { ProblemError, problemDocument } from '#shared/contract/problems.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import { JETHOOK_VERSION } from '#shared/runtime/version.ts'
import { authenticate, type Principal } from './authentication.ts'
import type { GatewayConfig } from './config.ts'
import type { GatewayDependencies, RouteDependencies } from './dependencies.ts'
import { createErrorHandler, sendProblem } from './error-handler.ts'
import { createReadYourWrites } from './read-your-writes.ts'
import { registerEventTypeRoutes } from './routes/event-types.ts'
import { registerEventRoutes } from './routes/events.ts'
import { registerPublicRoutes } from './routes/public.ts'
import { registerRequestAttemptRoutes } from './routes/request-attempts.ts'
import { registerResponseRoutes } from './routes/responses.ts'
import { registerSubscriptionRoutes } from './routes/subscriptions.ts'

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

export type GatewayServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

export interface Gateway extends Service {
  /** Where it listens, with the port that it really got. */
  url(): string
}

/** The port can't be had; the message names it and the setting. */
export class PortTakenError extends Error {
  override name = 'PortTakenError'
}

const BODY_MAX_BYTES = 2_097_152
const HEADERS_TIMEOUT_MS = 15_000
const REQUEST_TIMEOUT_MS = 60_000
const KEEP_ALIVE_MS = 72_000

export function createGateway(deps: GatewayDependencies): Gateway {
  const { config, logger, registry, secretBox } = deps
  const readYourWrites = createReadYourWrites({
    nats: deps.nats,
    orm: deps.orm,
    timeoutMs: config.readYourWritesTimeoutMs,
  })
  const server: GatewayServer = fastify({
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    trustProxy: config.trustedProxies.length > 0 ? config.trustedProxies : false,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 1_000 },
    return503OnClosing: true,
  }).withTypeProvider<TypeBoxTypeProvider>()
  let listeningUrl = ''

  server.setValidatorCompiler(TypeBoxValidatorCompiler)
  server.setErrorHandler(createErrorHandler(logger, BODY_MAX_BYTES))
  server.setNotFoundHandler((_, reply) => sendProblem(reply, problemDocument('NotFound')))
  readJsonOnly(server)
  server.decorateRequest('principal')
  server.decorateRequest('appUrl', '')
  server.decorateRequest('catchUp', async function catchUp(this: FastifyRequest, reply: FastifyReply) {
    const isCurrent = await readYourWrites.catchUp()
    reply.header('jethook-read-model', isCurrent ? 'current' : 'behind')
  })
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS)
    if (request.is404) {
      done()
      return
    }
    request.appUrl = config.appUrl ?? listeningUrl
    if (!request.routeOptions.config.isPublic)
      request.principal = authenticate(request.headers.authorization, registry, secretBox)
    done()
  })

  async function prepare(): Promise<void> {
    const origins = config.corsOrigins
    if (origins.length > 0) {
      await server.register(cors, {
        origin: origins,
        methods: ['GET', 'POST', 'PUT', 'DELETE'],
        allowedHeaders: ['Accept', 'Authorization', 'Content-Type', 'Hook0-Client-Options'],
        maxAge: 3_600,
      })
    }
    await server.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: { title: 'jethook', version: JETHOOK_VERSION },
        servers: [{ url: config.appUrl ?? `http://${config.host}:${config.port}` }],
        components: { securitySchemes: { biscuit: { type: 'http', scheme: 'bearer' } } },
        security: [{ biscuit: [] }],
      },
    })
    const routeDeps: RouteDependencies = { ...deps, readYourWrites }
    await server.register(
      async (api) => {
        const routes = api as unknown as GatewayServer
        registerPublicRoutes(routes, routeDeps)
        registerEventRoutes(routes, routeDeps)
        registerEventTypeRoutes(routes, routeDeps)
        registerSubscriptionRoutes(routes, routeDeps)
        registerRequestAttemptRoutes(routes, routeDeps)
        registerResponseRoutes(routes, routeDeps)
      },
      { prefix: '/api/v1' },
    )
  }

  return {
    name: 'gateway',
    async start() {
      if (listeningUrl !== '') return
      await prepare()
      listeningUrl = await listen(server, config)
    },
    async stop() {
      await server.close()
    },
    url: () => listeningUrl,
  }
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

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'x-xss-protection': '1; mode=block',
  'x-frame-options': 'DENY',
}

/** Bodies are JSON, by content type, or the request is refused; a GET or DELETE may name a type and send nothing. */
function readJsonOnly(server: GatewayServer): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser(
    /^application\/([\w.-]+\+)?json\s*(;|$)/i,
    { parseAs: 'string' },
    (request, body, done) => {
      if (body === '' && (request.method === 'GET' || request.method === 'DELETE')) {
        done(null, undefined)
        return
      }
      try {
        done(null, JSON.parse(body as string))
      } catch (error) {
        done(
          new ProblemError('JsonPayload', {
            detail: `JSON deserialization error: ${(error as Error).message.slice(0, 200)}`,
          }),
        )
      }
    },
  )
}
