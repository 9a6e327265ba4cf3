import { type AddressInfo, createServer, type Socket } from 'node:net'

/** Listens where nothing must ever come. */
export interface Canary {
  port: number
  /** Connections so far. */
  count(): number
  close(): Promise<void>
}

export async function startCanary(): Promise<Canary> {
  const sockets = new Set<Socket>()
  let count = 0
  const server = createServer((socket) => {
    count++
    sockets.add(socket)
    socket.on('error', () => {})
  })
  // Both families, where there are two: mapped addresses lead here too.
  await new Promise<void>((resolve, reject) => {
    server.once('error', () => server.listen(0, '127.0.0.1', resolve).once('error', reject))
    server.listen({ port: 0, host: '::' }, resolve)
  })
  server.unref()
  return {
    port: (server.address() as AddressInfo).port,
    count: () => count,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
