import type { Dispatcher } from 'undici'
import type { SendResult } from '../../domain/outcome.ts'
import { toSendError } from './send-error.ts'
import { TargetError } from './target-error.ts'
import type { HeadWatch, WatchingHandler } from './watched-client.ts'

export interface ResponseLimits {
  /** For the whole attempt, connecting included. */
  totalTimeoutMs: number
  /** From the request to the head of the answer. */
  firstByteTimeoutMs: number
  /** Bytes of a body that are read; then the connection is closed. */
  bodyMaxBytes: number
}

export interface ResponseReader extends WatchingHandler {
  /** The request couldn't even be handed over. */
  fail(error: unknown): void
}

const HEADERS_MAX = 100
/** Answers before the final one (RFC 9110 §15.2) that are put up with. */
const INFORMATIONAL_MAX = 5
const HEAD_TOO_LARGE = "The response's headers are too large"
const LOCATION_MAX_CHARACTERS = 200

type Headers = Record<string, string | string[] | undefined>

/** Reads one response up to the limits and settles once. After the headers the status decides, whatever becomes of the body. */
export function createResponseReader(limits: ResponseLimits, settle: (result: SendResult) => void): ResponseReader {
  let controller: Dispatcher.DispatchController | null = null
  let statusCode = 0
  let headers: Record<string, string> = {}
  let chunks: Buffer[] = []
  let keptBytes = 0
  let isBodyCut = false
  let informationalCount = 0
  let isSettled = false
  let headWatch: HeadWatch | null = null
  let firstByteTimer: NodeJS.Timeout | null = null
  const timer = setTimeout(() => onTimeout(limits.totalTimeoutMs), limits.totalTimeoutMs)

  function finish(result: SendResult): void {
    if (isSettled) return
    isSettled = true
    clearTimeout(timer)
    if (firstByteTimer !== null) clearTimeout(firstByteTimer)
    chunks = []
    settle(result)
  }

  /** Settles and closes the connection: what else may come on it is not read. */
  function cutOff(result: SendResult, reason: string): void {
    finish(result)
    controller?.abort(new Error(reason))
  }

  function responded(isBodyRead: boolean): SendResult {
    const bodyBase64 = isBodyRead ? (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString('base64') : null
    return { type: 'responded', response: { statusCode, headers, bodyBase64, isBodyCut } }
  }

  function onTimeout(limitMs: number): void {
    const message = `No complete answer within ${limitMs} ms`
    cutOff(statusCode === 0 ? { type: 'timed-out', message } : responded(false), message)
  }

  function refuse(message: string): void {
    cutOff({ type: 'connection-failed', message }, message)
  }

  /** @returns whether the body went on after what is kept. */
  function keep(chunk: Buffer): boolean {
    const room = limits.bodyMaxBytes - keptBytes
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk
    if (kept.length > 0) chunks.push(Buffer.from(kept))
    keptBytes += kept.length
    return chunk.length > room
  }

  function fail(error: unknown): void {
    finish(statusCode === 0 ? toSendError(error) : responded(false))
  }

  return {
    setHeadWatch(watch) {
      headWatch = watch
    },
    onRequestStart(started) {
      controller = started
      if (isSettled) {
        started.abort(new TargetError('connection-failed', 'given up before it was sent'))
        return
      }
      headWatch?.begin(() => refuse(HEAD_TOO_LARGE))
      const { firstByteTimeoutMs, totalTimeoutMs } = limits
      if (firstByteTimeoutMs < totalTimeoutMs)
        firstByteTimer = setTimeout(() => onTimeout(firstByteTimeoutMs), firstByteTimeoutMs)
    },
    onResponseStart(_, code, received: Headers) {
      if (code < 200) {
        if (++informationalCount > INFORMATIONAL_MAX) refuse('The target sent too many informational answers')
        return
      }
      headWatch?.end()
      if (firstByteTimer !== null) clearTimeout(firstByteTimer)
      const read = readHeaders(received)
      if (read === null) {
        refuse(HEAD_TOO_LARGE)
        return
      }
      statusCode = code
      headers = read
    },
    onResponseData(_, chunk) {
      if (!keep(chunk)) return
      isBodyCut = true
      cutOff(responded(true), 'the response is longer than is kept')
    },
    onResponseEnd() {
      finish(responded(true))
    },
    onResponseError(_, error) {
      fail(error)
    },
    fail,
  }
}

/** Of a repeated header the last value counts (contract, behaviour.md §7). @returns null when there are too many. */
function readHeaders(received: Headers): Record<string, string> | null {
  const headers: Record<string, string> = {}
  let count = 0
  for (const name in received) {
    const value = received[name]
    if (value === undefined) continue
    count += Array.isArray(value) ? value.length : 1
    headers[name] = Array.isArray(value) ? (value.at(-1) ?? '') : value
  }
  if (count > HEADERS_MAX) return null
  // Where a redirect would lead is shown, and not followed.
  const { location } = headers
  if (location !== undefined && location.length > LOCATION_MAX_CHARACTERS)
    headers['location'] = location.slice(0, LOCATION_MAX_CHARACTERS)
  return headers
}
