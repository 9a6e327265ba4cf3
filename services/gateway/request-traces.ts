import type { FastifyRequest } from 'fastify'
import { normalTraceparent } from '#shared/domain/trace-context.ts'
import type { Span, Tracing } from '#shared/runtime/tracing.ts'
import type { GatewayServer } from './server.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Of requests that post events, where there is tracing. */
    span: Span | null
  }
}

/** Requests that post events get a span each, which goes on with the trace of whoever has sent them. */
export function traceRequests(server: GatewayServer, { tracing }: { tracing: Tracing }): void {
  server.decorateRequest('span', null)
  if (!tracing.isOn) return
  server.addHook('onRequest', (request, _, done) => {
    const { config, url } = request.routeOptions
    if (config.isIngest)
      request.span = tracing.begin({
        name: `${request.method} ${url}`,
        kind: 'server',
        parent: headerOf(request),
        attributes: { 'http.request.method': request.method, 'http.route': url ?? '' },
      })
    done()
  })
  server.addHook('onResponse', ({ span }, { statusCode }, done) => {
    span?.set({ 'http.response.status_code': statusCode })
    span?.end(statusCode >= 500 ? String(statusCode) : undefined)
    done()
  })
  // Nobody waits for the answer any more.
  server.addHook('onRequestAbort', ({ span }, done) => {
    span?.end('aborted')
    done()
  })
}

/** What the events of a request follow from: its own span, or without tracing what its sender has given. */
export function traceparentOf(request: FastifyRequest): string | undefined {
  return request.span?.traceparent ?? normalTraceparent(headerOf(request))
}

/** For a log line. */
export function traceOf({ span }: FastifyRequest): { trace_id?: string } {
  return span ? { trace_id: span.traceId } : {}
}

function headerOf({ headers: { traceparent } }: FastifyRequest): string | undefined {
  return typeof traceparent === 'string' ? traceparent : undefined
}
