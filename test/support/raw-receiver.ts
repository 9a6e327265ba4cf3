import { type AddressInfo, createServer, type Socket } from 'node:net'

/** What is done with a connection once a request has begun to come; it may go on until the socket is closed. */
export type RawReaction = (socket: Socket) => void

export interface RawReceiver {
  url: string
  /** Requests that have begun. */
  count(): number
  close(): Promise<void>
}

/** A receiver on loopback that writes what it likes, HTTP or not. */
export async function startRawReceiver(react: RawReaction): Promise<RawReceiver> {
  const sockets = new Set<Socket>()
  let count = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
    socket.once('data', () => {
      count++
      socket.resume()
      react(socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: () => count,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Writes `text` again and again until the socket is closed: with a pause in ms, or (0) as fast as it is taken. */
export function writeForEver(socket: Socket, text: string, pauseMs: number): void {
  if (socket.destroyed) return
  const goOn = () => writeForEver(socket, text, pauseMs)
  if (socket.write(text)) setTimeout(goOn, pauseMs)
  else socket.once('drain', goOn)
}
