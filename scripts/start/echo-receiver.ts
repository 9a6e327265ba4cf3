import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const SHOWN_CHARACTERS = 200

export interface EchoReceiver {
  url: string
  close(): void
}

/** A receiver on loopback that prints each webhook it gets: the first thing a new user sees arrive. */
export async function startEchoReceiver(print: (line: string) => void): Promise<EchoReceiver> {
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      if (body.length < SHOWN_CHARACTERS) body += chunk.toString('utf8')
    })
    request.on('end', () => {
      const type = String(request.headers['x-event-type'] ?? '')
      print(`webhook received: ${request.method} ${type} ${body.slice(0, SHOWN_CHARACTERS)}`)
      response.end('received\n')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/echo`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
