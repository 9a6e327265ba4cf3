import { Agent, type Dispatcher } from 'undici'
import type { SendResult } from '#shared/domain/outcome.ts'
import { toSendError } from './send-error.ts'

export interface SenderLimits {
  connectTimeoutMs: number
  /** For the whole attempt, connecting included. */
  totalTimeoutMs: number
  /** Bytes of a response body that are kept. */
  bodyMaxBytes: number
  connectionsPerOriginMax: number
}

export interface OutgoingRequest {
  origin: string
  path: string
  method: string
  /** Names and values in turn. */
  headers: string[]
  body: Uint8Array
  /** Instead of the server's, for the whole attempt. */
  timeoutMs?: number
}

/** Makes HTTP requests; what goes wrong is a value, never an exception. */
export interface Sender {
  send(request: OutgoingRequest): Promise<SendResult>
  /** Ends every connection; requests under way are cut. */
  close(): Promise<void>
}

const KEEP_ALIVE_MS = 30_000
const KEEP_ALIVE_MAX_MS = 60_000
const RESPONSE_HEADERS_MAX_BYTES = 16 * 1024

/** A body that goes on after what is kept is read no further than this: then the socket is closed. */
const SURPLUS_FACTOR = 4

/** One pool of keep-alive connections an origin. Redirects are not followed, nothing is taken from the environment. */
export function createSender(limits: SenderLimits): Sender {
  const agent = new Agent({
    connections: limits.connectionsPerOriginMax,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
    headersTimeout: limits.totalTimeoutMs,
    bodyTimeout: limits.totalTimeoutMs,
    maxHeaderSize: RESPONSE_HEADERS_MAX_BYTES,
    connect: { timeout: limits.connectTimeoutMs },
    allowH2: false,
  })
  return {
    send: ({ origin, path, method, headers, body, timeoutMs }) =>
      new Promise((resolve) => {
        const totalTimeoutMs = timeoutMs ?? limits.totalTimeoutMs
        const handler = createResponseHandler({ ...limits, totalTimeoutMs }, resolve)
        // The handler's own time-out comes first; the pool's is for connections that nobody waits for.
        const poolTimeouts =
          totalTimeoutMs > limits.totalTimeoutMs ? { headersTimeout: totalTimeoutMs, bodyTimeout: totalTimeoutMs } : {}
        try {
          agent.dispatch(
            { origin, path, method: method as Dispatcher.HttpMethod, headers, body, ...poolTimeouts },
            handler,
          )
        } catch (error) {
          handler.fail(error)
        }
      }),
    close: () => agent.destroy(),
  }
}

/** Reads one response up to the limits and settles once. */
function createResponseHandler(limits: SenderLimits, settle: (result: SendResult) => void) {
  let controller: Dispatcher.DispatchController | null = null
  let statusCode = 0
  let headers: Record<string, string> = {}
  let chunks: Buffer[] = []
  let keptBytes = 0
  let seenBytes = 0
  let isSettled = false
  const timer = setTimeout(onTimeout, limits.totalTimeoutMs)

  function finish(result: SendResult): void {
    if (isSettled) return
    isSettled = true
    clearTimeout(timer)
    settle(result)
  }

  /** After the headers the status decides, whatever becomes of the body. */
  function responded(isBodyRead: boolean): SendResult {
    const isBodyCut = seenBytes > keptBytes
    const bodyBase64 = isBodyRead ? (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString('base64') : null
    return { type: 'responded', response: { statusCode, headers, bodyBase64, isBodyCut } }
  }

  function onTimeout(): void {
    const message = `No complete answer within ${limits.totalTimeoutMs} ms`
    const result: SendResult = statusCode === 0 ? { type: 'timed-out', message } : responded(false)
    finish(result)
    controller?.abort(new Error(message))
  }

  function keep(chunk: Buffer): void {
    seenBytes += chunk.length
    const room = limits.bodyMaxBytes - keptBytes
    if (room <= 0) return
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk
    chunks.push(Buffer.from(kept))
    keptBytes += kept.length
  }

  return {
    onRequestStart(started: Dispatcher.DispatchController) {
      controller = started
      if (isSettled) started.abort(new Error('given up before it was sent'))
    },
    onResponseStart(
      _: Dispatcher.DispatchController,
      code: number,
      received: Record<string, string | string[] | undefined>,
    ) {
      // An informational answer comes before the final one.
      if (code < 200) return
      statusCode = code
      headers = singleValues(received)
    },
    onResponseData(_: Dispatcher.DispatchController, chunk: Buffer) {
      keep(chunk)
      if (seenBytes <= limits.bodyMaxBytes * SURPLUS_FACTOR) return
      finish(responded(true))
      controller?.abort(new Error('the response is longer than is kept'))
    },
    onResponseEnd() {
      finish(responded(true))
      chunks = []
    },
    onResponseError(_: Dispatcher.DispatchController | undefined, error: Error) {
      this.fail(error)
    },
    fail(error: unknown) {
      finish(statusCode === 0 ? toSendError(error) : responded(false))
    },
  }
}

/** Of a repeated header the last value counts (contract, behaviour.md §7). */
function singleValues(received: Record<string, string | string[] | undefined>): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name in received) {
    const value = received[name]
    if (value !== undefined) headers[name] = Array.isArray(value) ? (value.at(-1) ?? '') : value
  }
  return headers
}
