import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { PROBLEM_CONTENT_TYPE, type ProblemDocument, ProblemError, problemDocument } from '#shared/contract/problems.ts'
import {
  AppendConflictError,
  AppenderBusyError,
  AppendRefusedError,
  AppendUnknownError,
  isStoreFull,
} from '#shared/runtime/appender.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import { traceOf } from './request-traces.ts'

const RETRY_AFTER_SECONDS = 5

/** Every error leaves as a problem document; what is our own fault is logged, and told to nobody else. */
export function createErrorHandler(logger: Logger, bodyMaxBytes: number) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const document = toProblem(error, bodyMaxBytes)
    if (document.status >= 500)
      logger.error(
        { err: error, method: request.method, route: request.routeOptions.url, ...traceOf(request) },
        'request failed',
      )
    sendProblem(reply, document)
  }
}

export function sendProblem(reply: FastifyReply, document: ProblemDocument): void {
  if (document.status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS)
  void reply.code(document.status).type(PROBLEM_CONTENT_TYPE).serializer(JSON.stringify).send(document)
}

/** The problem of what went wrong with a part of a request. */
export function problemOf(error: unknown): ProblemDocument {
  return toProblem(error, 0)
}

function toProblem(error: unknown, bodyMaxBytes: number): ProblemDocument {
  if (error instanceof ProblemError) return error.document
  if (error instanceof AppendRefusedError && isStoreFull(error.code))
    return problemDocument('ServiceUnavailable', { detail: 'The event store is full. Nothing was stored.' })
  if (error instanceof AppendRefusedError || error instanceof AppenderBusyError || error instanceof AppendUnknownError)
    return problemDocument('ServiceUnavailable')
  if (error instanceof AppendConflictError) return problemDocument('ServiceUnavailable')
  const { code, validation, validationContext, message, statusCode } = error as FastifyError
  if (validation) return shapeProblem(validationContext ?? 'body', message)
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problemDocument('JsonPayload', { detail: `Body is too big (maximum is ${bodyMaxBytes} bytes)` })
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return problemDocument('NotFound')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problemDocument('JsonPayload', { detail: "Content-Type header should be set to 'application/json'" })
    default:
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return problemDocument('JsonPayload', { detail: message })
  return isDatabaseTrouble(error) ? problemDocument('ServiceUnavailable') : problemDocument('InternalServerError')
}

function shapeProblem(context: string, message: string): ProblemDocument {
  if (context === 'params') return problemDocument('NotFound')
  const kind = context === 'body' ? 'JSON deserialization error' : 'Query deserialize error'
  return problemDocument('JsonPayload', { detail: `${kind}: ${message}` })
}

const CONNECTION_CODES = /^(08|53|57P|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND)/

/** The read model or JetStream is away: that passes. */
function isDatabaseTrouble(error: unknown): boolean {
  for (let current = error, depth = 0; current instanceof Error && depth < 4; current = current.cause, depth++) {
    if ('code' in current && CONNECTION_CODES.test(String(current.code))) return true
    if (
      /ConnectionException|ConnectionBrokenError|TimeoutError|RequestError|NoRespondersError|ClosedConnectionError|DrainingConnectionError|JetStreamNotEnabled/.test(
        current.name,
      )
    )
      return true
    if (/Connection terminated|timeout exceeded when trying to connect|Cannot use a pool after/.test(current.message))
      return true
  }
  return false
}
