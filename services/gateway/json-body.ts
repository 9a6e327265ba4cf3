import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ProblemError } from '#shared/contract/problems.ts'
import { hasBinaryCloudEvent } from './cloud-event-body.ts'

const JSON_TYPE = /^application\/([\w.-]+\+)?json\s*(;|$)/i
/** What anybody means to send is far flatter; what is deeper is meant to exhaust somebody's stack. */
const DEPTH_MAX = 64
const LONE_SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/

/**
 * Bodies are JSON, by content type, or the request is refused (contract, behaviour.md §2, step 3). What is sent
 * to a route that takes no body is not looked at: it may name a type and send nothing. The data of a CloudEvent stays bytes.
 */
export function readJsonOnly(server: Pick<FastifyInstance, 'removeAllContentTypeParsers' | 'addContentTypeParser'>) {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser<Buffer>(JSON_TYPE, { parseAs: 'buffer' }, (request, body, done) => {
    if (isBodyIgnored(request)) {
      done(null, undefined)
      return
    }
    if (hasBinaryCloudEvent(request)) {
      done(null, body)
      return
    }
    try {
      done(null, parseJson(body))
    } catch (error) {
      done(error as Error)
    }
  })
  server.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (isBodyIgnored(request)) done(null, undefined)
    else if (hasBinaryCloudEvent(request)) done(null, body)
    else done(badJson("Content-Type header should be set to 'application/json'"))
  })
}

const isBodyIgnored = ({ routeOptions }: FastifyRequest) => routeOptions.schema?.body === undefined

/** @throws {ProblemError} JsonPayload for what is no JSON, or holds text that is no Unicode: nobody could store it. */
export function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw badJson('JSON deserialization error: the body is not UTF-8')
  const text = body.toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw badJson(`JSON deserialization error: ${(error as Error).message.slice(0, 200)}`)
  }
  if (isDeeperThan(value, DEPTH_MAX)) throw badJson(`JSON deserialization error: nested more than ${DEPTH_MAX} deep`)
  // UTF-8 itself can't spell half a surrogate pair, an escape can.
  if (LONE_SURROGATE_ESCAPE.test(text) && !isWellFormed(value))
    throw badJson('JSON deserialization error: lone surrogate in a string')
  return value
}

/** Objects and lists within each other, the outermost counted; not recursive. */
function isDeeperThan(value: unknown, max: number): boolean {
  let level: object[] = typeof value === 'object' && value !== null ? [value] : []
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > max) return true
    const inner: object[] = []
    for (const each of level) {
      for (const key in each) {
        const next = (each as Record<string, unknown>)[key]
        if (typeof next === 'object' && next !== null) inner.push(next)
      }
    }
    level = inner
  }
  return false
}

/** Not recursive: a body may nest as deeply as it is long. */
function isWellFormed(value: unknown): boolean {
  const left = [value]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next === 'string') {
      if (!next.isWellFormed()) return false
    } else if (typeof next === 'object' && next !== null) {
      for (const [key, inner] of Object.entries(next)) left.push(key, inner)
    }
  }
  return true
}

function badJson(detail: string): ProblemError {
  return new ProblemError('JsonPayload', { detail })
}
