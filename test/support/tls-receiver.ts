import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type CertificateName, certificateOf } from './certificates.ts'

export interface TlsReceiver {
  port: number
  /** Of each request: the name it was asked for by TLS and by Host, and whose certificate it came with. */
  requests: { servername: string; host: string; client: string | null }[]
  connections(): number
  close(): Promise<void>
}

/** A receiver on loopback with a certificate of the tests' authority. */
export async function startTlsReceiver(name: CertificateName, options: ServerOptions = {}): Promise<TlsReceiver> {
  const requests: TlsReceiver['requests'] = []
  let connections = 0
  const server = createServer({ ...certificateOf(name), ...options }, (request, response) => {
    const socket = request.socket as TLSSocket
    const client = socket.getPeerCertificate().subject?.CN
    requests.push({
      servername: String((socket as { servername?: string | false }).servername || ''),
      host: request.headers.host ?? '',
      client: typeof client === 'string' ? client : null,
    })
    request.resume().on('end', () => response.end('ok'))
  })
  server.on('connection', () => connections++)
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    connections: () => connections,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
