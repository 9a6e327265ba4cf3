import type { Socket } from 'node:net'
import { TargetError } from './target-error.ts'

/** A forward proxy that opens connections for us by CONNECT (RFC 9110 §9.3.6). */
export interface EgressProxy {
  isTls: boolean
  /** A name, or an address without brackets. */
  host: string
  port: number
  /** `Proxy-Authorization`; null: none is asked for. */
  authorization: string | null
}

const ANSWER_MAX_BYTES = 8 * 1024

/** @throws {RangeError} when `text` is no proxy's URL. */
export function parseEgressProxy(text: string): EgressProxy | null {
  if (text === '') return null
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.hostname === '' || url.pathname.length > 1)
    throw new RangeError(
      'EGRESS_PROXY_URL must look like http://proxy.example:4750 or https://user:password@proxy.example',
    )
  const isTls = url.protocol === 'https:'
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return {
    isTls,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
    authorization: credentials === ':' ? null : `Basic ${Buffer.from(credentials).toString('base64')}`,
  }
}

/**
 * Asks the proxy for a connection to the target.
 * @throws {TargetError} when it refuses, or gives no answer in time.
 */
export function openTunnel(
  socket: Socket,
  { authorization }: EgressProxy,
  { host, port, timeoutMs }: { host: string; port: number; timeoutMs: number },
): Promise<Socket> {
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const credentials = authorization === null ? '' : `Proxy-Authorization: ${authorization}\r\n`
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0)
    const timer = setTimeout(() => fail('The egress proxy did not connect to the target in time'), timeoutMs)

    function stopListening(): void {
      clearTimeout(timer)
      socket.off('data', onData).off('error', onGone).off('close', onGone)
    }
    function fail(message: string): void {
      stopListening()
      socket.on('error', () => {}).destroy()
      reject(new TargetError('connection-failed', message))
    }
    function onGone(): void {
      fail('The egress proxy ended the connection')
    }
    function onData(chunk: Buffer): void {
      answer = Buffer.concat([answer, chunk])
      const end = answer.indexOf('\r\n\r\n')
      if (end < 0) {
        if (answer.length > ANSWER_MAX_BYTES) fail('The egress proxy answered something that is not HTTP')
        return
      }
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer.toString('latin1', 0, end))?.[1]
      if (status === undefined || !status.startsWith('2')) {
        fail('The egress proxy did not connect to the target')
        return
      }
      stopListening()
      socket.pause()
      const rest = answer.subarray(end + 4)
      if (rest.length > 0) socket.unshift(rest)
      resolve(socket)
    }

    socket.on('data', onData).once('error', onGone).once('close', onGone)
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`)
  })
}
