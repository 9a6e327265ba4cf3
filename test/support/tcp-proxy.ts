import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP proxy on loopback that can lose what the server says, or cut every connection. */
export interface TcpProxy {
  port: number
  /** While true, what the server sends is dropped: a client's request is carried out, its answer is lost. */
  loseAnswers: boolean
  /** While true, nothing passes in either direction, and nobody is told. */
  isSilent: boolean
  /** How long each piece is held back, in both directions. */
  delayMs: number
  cutAll(): void
  close(): Promise<void>
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1')
    track(client)
    track(upstream)
    const pass = (chunk: Buffer, to: Socket) => {
      if (proxy.isSilent) return
      if (proxy.delayMs === 0) to.write(chunk)
      else setTimeout(() => to.writable && to.write(chunk), proxy.delayMs)
    }
    client.on('data', (chunk: Buffer) => pass(chunk, upstream))
    upstream.on('data', (chunk: Buffer) => {
      if (!proxy.loseAnswers) pass(chunk, client)
    })
    client.once('close', () => upstream.destroy())
    upstream.once('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    loseAnswers: false,
    isSilent: false,
    delayMs: 0,
    cutAll() {
      for (const socket of sockets) socket.destroy()
    },
    async close() {
      proxy.cutAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}
