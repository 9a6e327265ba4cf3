import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { usageError } from '../exit-codes.ts'
import { readAll } from '../terminal.ts'

/** A webhook that came, and what it was answered with. */
export interface Delivery {
  atMs: number
  path: string
  headers: Map<string, string>
  body: Buffer
  status: number
  /** Null: it was not forwarded. */
  forwarded: { status: number | null; error: string | null; durationMs: number } | null
}

export interface ReceiverOptions {
  host: string
  /** 0: a free one. */
  port: number
  /** One after the other; the last one goes on. */
  statuses: readonly number[]
  delayMs: number
  forwardTo: string | null
  onDelivery: (delivery: Delivery) => Promise<void>
}

export interface Receiver {
  url: string
  close(): void
}

const FORWARD_TIMEOUT_MS = 30_000
const BAD_GATEWAY = 502
/** Of a connection, not of what is forwarded over it. */
const HOP_BY_HOP = new Set([
  'connection',
  'host',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'expect',
  'upgrade',
  'te',
  'trailer',
])

/** Listens for webhooks, answers as it is told, and hands them on where that is wanted. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  let count = 0
  const server = createServer((request, response) => {
    const status = options.statuses[Math.min(count++, options.statuses.length - 1)]!
    void handle(request, response, { ...options, status }).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        usageError(`${options.host}:${options.port} can't be listened on: ${error.message}. Give another --port.`),
      ),
    )
    server.listen(options.port, options.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return {
    url: `http://${host}:${port}/`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { status, delayMs, forwardTo, onDelivery }: ReceiverOptions & { status: number },
): Promise<void> {
  const body = await readAll(request)
  const headers = new Map(
    Object.entries(request.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
  )
  const received = { atMs: Date.now(), path: request.url ?? '/', headers, body }
  if (delayMs > 0) await delay(delayMs)
  const answer =
    forwardTo === null ? null : await forward({ to: forwardTo, method: request.method ?? 'POST', headers, body })
  const given = answer === null ? status : (answer.status ?? BAD_GATEWAY)
  response.writeHead(given, answer?.contentType ? { 'content-type': answer.contentType } : {})
  response.end(answer?.body ?? '')
  const { status: answered = null, error = null, durationMs = 0 } = answer ?? {}
  await onDelivery({ ...received, status: given, forwarded: answer && { status: answered, error, durationMs } })
}

interface Forwarding {
  to: string
  method: string
  headers: Map<string, string>
  body: Buffer
}

/** The body goes on byte for byte, with the headers as they came: the signature stays good. */
async function forward({ to, method, headers, body }: Forwarding) {
  const startedMs = performance.now()
  const durationMs = () => Math.round(performance.now() - startedMs)
  try {
    const answer = await fetch(to, {
      method,
      headers: [...headers].filter(([name]) => !HOP_BY_HOP.has(name)),
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
      redirect: 'manual',
      signal: AbortSignal.timeout(FORWARD_TIMEOUT_MS),
    })
    const text = await answer.text()
    const contentType = answer.headers.get('content-type')
    return { status: answer.status, error: null, durationMs: durationMs(), body: text, contentType }
  } catch (error) {
    const { message, cause } = error as Error
    const why = (cause as Error | undefined)?.message || message
    return { status: null, error: why, durationMs: durationMs(), body: '', contentType: null }
  }
}
