import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** Listens where nothing must ever come. */
export interface Canary {
  port: number
  /** Connections so far. */
  count(): number
  close(): Promise<void>
}

/** On loopback, on IPv6 too where the machine has it. */
export async function startCanary(): Promise<Canary> {
  const sockets = new Set<Socket>()
  const servers: Server[] = []
  let count = 0

  async function listen(host: string, port: number): Promise<number> {
    const server = createServer((socket) => {
      count++
      sockets.add(socket)
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
    server.unref()
    servers.push(server)
    return (server.address() as AddressInfo).port
  }

  const port = await listen('127.0.0.1', 0)
  await listen('::1', port).catch(() => {})
  return {
    port,
    count: () => count,
    async close() {
      for (const socket of sockets) socket.destroy()
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}
