import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedRequest {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
  atMs: number
}

/** What a receiver does with a request: an answer, or no answer at all. */
export type Reaction = { status: number; headers?: Record<string, string>; body?: string } | 'reset' | 'hang'

export interface Receiver {
  url: string
  requests: ReceivedRequest[]
  /** Resolves when so many requests have come that `isEnough` says yes; rejects after the limit. */
  waitFor(isEnough: (requests: ReceivedRequest[]) => boolean, limitMs?: number): Promise<void>
  close(): Promise<void>
}

const WAIT_LIMIT_MS = 20_000

/** A receiver on loopback that keeps what it got and answers as `react` says (200 without it). @param port 0: a free one. */
export async function startReceiver(
  react: (request: ReceivedRequest, count: number) => Reaction | Promise<Reaction> = () => ({ status: 200 }),
  host = '127.0.0.1',
  port = 0,
): Promise<Receiver> {
  const requests: ReceivedRequest[] = []
  const waiters = new Set<() => void>()
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const received = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks),
        atMs: Date.now(),
      }
      requests.push(received)
      const chosen = react(received, requests.length)
      const reaction = chosen instanceof Promise ? await chosen : chosen
      if (reaction === 'reset') request.socket.destroy()
      else if (reaction !== 'hang') response.writeHead(reaction.status, reaction.headers).end(reaction.body ?? 'ok')
      for (const check of waiters) check()
    })
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  // A receiver that a failed test has left open doesn't keep the process alive.
  server.unref()
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    requests,
    waitFor(isEnough, limitMs = WAIT_LIMIT_MS) {
      return new Promise((resolve, reject) => {
        const check = () => {
          if (!isEnough(requests)) return
          clearTimeout(timer)
          waiters.delete(check)
          resolve()
        }
        const timer = setTimeout(() => {
          waiters.delete(check)
          reject(new Error(`the receiver got ${requests.length} requests in ${limitMs} ms, not what was waited for`))
        }, limitMs)
        waiters.add(check)
        check()
      })
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
