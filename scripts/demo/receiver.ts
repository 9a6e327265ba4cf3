import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { verifyWebhookSignature } from 'hook0-client'

const TOLERANCE_SECONDS = 300

export interface DemoReceiver {
  url: string
  /** What comes under `path` must be signed with this secret, which is known only once the subscription exists. */
  expectSecret(path: string, secret: string): void
  requests(): number
  invalidSignatures(): number
  /** When each event was first taken, in ms since the epoch. */
  takenAtMs: ReadonlyMap<string, number>
  close(): void
}

export interface DemoReceiverOptions {
  /** The first so many requests are answered 503. */
  failFirst: number
  /** Events of this type are refused for good, with a 400. */
  refuseType: string
}

/** A receiver as a customer would write it: it takes nothing whose signature it can't verify with `hook0-client`. */
export async function startDemoReceiver({ failFirst, refuseType }: DemoReceiverOptions): Promise<DemoReceiver> {
  const secrets = new Map<string, string>()
  let requests = 0
  let invalidSignatures = 0
  const takenAtMs = new Map<string, number>()

  const isSigned = (path: string, headers: Headers, body: Buffer): boolean => {
    try {
      return (
        verifyWebhookSignature(
          headers.get('x-hook0-signature') ?? '',
          body,
          headers,
          secrets.get(path) ?? '',
          TOLERANCE_SECONDS,
        ) === true
      )
    } catch {
      return false
    }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      requests++
      const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
      let status = 200
      if (!isSigned(request.url ?? '', headers, Buffer.concat(chunks))) {
        invalidSignatures++
        status = 401
      } else if (headers.get('x-event-type') === refuseType) status = 400
      else if (requests <= failFirst) status = 503
      const eventId = headers.get('x-event-id') ?? ''
      if (status === 200 && !takenAtMs.has(eventId)) takenAtMs.set(eventId, Date.now())
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    expectSecret: (path, secret) => void secrets.set(path, secret),
    requests: () => requests,
    invalidSignatures: () => invalidSignatures,
    takenAtMs,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
