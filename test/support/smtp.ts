import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface ReceivedMail {
  to: string
  /** Headers and body as they came, quoted-printable undone. */
  content: string
}

/** A mail server on loopback that keeps what it gets, or refuses every recipient. */
export interface TestMailServer {
  url: string
  mails: ReceivedMail[]
  isRefusing: boolean
  close(): Promise<void>
}

export async function startMailServer(): Promise<TestMailServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
    serve(socket, mailServer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  const mailServer: TestMailServer = {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails: [],
    isRefusing: false,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return mailServer
}

/** As much of RFC 5321 as a client needs. */
function serve(socket: Socket, server: TestMailServer): void {
  let unread = ''
  let to = ''
  let isData = false
  const say = (line: string) => socket.write(`${line}\r\n`)

  function readData(): boolean {
    const end = unread.indexOf('\r\n.\r\n')
    if (end < 0) return false
    server.mails.push({ to, content: decode(unread.slice(0, end)) })
    unread = unread.slice(end + 5)
    isData = false
    say('250 kept')
    return true
  }

  function readCommand(): boolean {
    const end = unread.indexOf('\r\n')
    if (end < 0) return false
    const line = unread.slice(0, end)
    unread = unread.slice(end + 2)
    const command = line.slice(0, 4).toUpperCase()
    if (command === 'RCPT') to = /<(.*)>/.exec(line)?.[1] ?? ''
    isData = command === 'DATA'
    if (command === 'RCPT' && server.isRefusing) say('550 no such mailbox')
    else say(isData ? '354 go on' : command === 'QUIT' ? '221 bye' : '250 ok')
    return true
  }

  say('220 test')
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    unread += chunk
    while (isData ? readData() : readCommand());
  })
}

function decode(content: string): string {
  return content
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
