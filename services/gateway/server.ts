import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import cors from '@fastify/cors'
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import underPressure, { type FastifyUnderPressureOptions } from '@fastify/under-pressure'
import fastify, {
  type ConnectionError,
  type FastifyBaseLogger,
  type FastifyInstance,
  type RawServerDefault,
} from 'fastify'
import { PROBLEM_CONTENT_TYPE, ProblemError, problemDocument } from '#shared/contract/problems.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { GatewayConfig } from './config.ts'
import { createErrorHandler } from './error-handler.ts'
import { readJsonOnly } from './json-body.ts'

export type GatewayServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

const BODY_MAX_BYTES = 2_097_152
const HEADERS_TIMEOUT_MS = 15_000
const REQUEST_TIMEOUT_MS = 60_000
const KEEP_ALIVE_MS = 72_000
/** An event type's name has up to 152 characters of up to 12 bytes, percent-encoded. */
const PATH_PART_MAX = 2_000
const SLOW_REQUEST_MS = 5_000
const OVERLOAD_SAMPLE_MS = 1_000
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'x-xss-protection': '1; mode=block',
  'x-frame-options': 'DENY',
}

const HSTS_HEADER = { 'strict-transport-security': 'max-age=63072000' }

/** Who would be answered far too late is told so at once. */
const shedAbove = (maxEventLoopDelay: number): FastifyUnderPressureOptions => ({
  maxEventLoopDelay,
  sampleInterval: OVERLOAD_SAMPLE_MS,
  pressureHandler: () => {
    throw new ProblemError('ServiceUnavailable', { detail: 'The server has too much to do; try again later.' })
  },
})

const CORS = {
  methods: ['GET', 'POST', 'PUT', 'DELETE'],
  allowedHeaders: ['Accept', 'Authorization', 'Content-Type', 'Hook0-Client-Options'],
  maxAge: 3_600,
}

/** An HTTP server that knows the contract's manners (behaviour.md §9 and §10) but no route yet. */
export async function createServer(config: GatewayConfig, logger: Logger): Promise<GatewayServer> {
  const { trustedProxies, corsOrigins, hasSecurityHeaders, hasHstsHeader, overloadDelayMs } = config
  const headers = { ...(hasSecurityHeaders ? SECURITY_HEADERS : {}), ...(hasHstsHeader ? HSTS_HEADER : {}) }
  const handleError = createErrorHandler(logger, BODY_MAX_BYTES)
  const server: GatewayServer = fastify({
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    forceCloseConnections: 'idle',
    // While it stops, what still comes in over an open connection is answered as ever, and the connection then closed.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: PATH_PART_MAX },
    frameworkErrors: handleError,
    clientErrorHandler: refuseUnreadable,
  }).withTypeProvider<TypeBoxTypeProvider>()
  server.setValidatorCompiler(TypeBoxValidatorCompiler)
  server.setErrorHandler(handleError)
  readJsonOnly(server)
  // Before every other hook: a browser may read a refusal too, and a preflight has no credential.
  if (corsOrigins.length > 0) await server.register(cors, { ...CORS, origin: corsOrigins })
  if (overloadDelayMs > 0) await server.register(underPressure, shedAbove(overloadDelayMs))
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers)
    done(request.is404 ? new ProblemError('NotFound') : undefined)
  })
  server.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions } = request
    if (reply.elapsedTime > SLOW_REQUEST_MS && !routeOptions.config.isLongLived)
      logger.warn({ method, route: routeOptions.url, elapsed_ms: Math.round(reply.elapsedTime) }, 'slow request')
    done()
  })
  return server
}

/** What can't be read as HTTP, or has headers beyond all measure, is answered in the same form as everything else. */
function refuseUnreadable(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW'
  const isTooSlow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const [status, reason] = isTooLarge
    ? [431, 'Headers too large']
    : isTooSlow
      ? [408, 'Too slow']
      : [400, 'Bad request']
  const detail = isTooLarge
    ? 'The headers are too large.'
    : isTooSlow
      ? 'The request did not come in time.'
      : 'This is no HTTP request.'
  const body = JSON.stringify(problemDocument('JsonPayload', { status, detail }))
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    `content-type: ${PROBLEM_CONTENT_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Collects the routes that are registered from now on, so that their other methods can be answered too. */
export function refuseOtherMethods(server: GatewayServer): (routes: GatewayServer) => void {
  const methodsByUrl = new Map<string, Set<string>>()
  server.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByUrl.get(url) ?? new Set()
    for (const each of [method].flat()) methods.add(each)
    methodsByUrl.set(url, methods)
  })
  return (routes) => {
    for (const [url, known] of [...methodsByUrl]) {
      const method = METHODS.filter((each) => !known.has(each))
      const allow = [...known].join(', ')
      routes.route({
        url,
        method,
        schema: { hide: true },
        onRequest: (_, reply, done) => {
          reply.header('allow', allow)
          done(new ProblemError('NotFound', { status: 405, detail: `This address takes ${allow} only.` }))
        },
        handler: async () => {},
      })
    }
  }
}
