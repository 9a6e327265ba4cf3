import { gzipSync } from 'node:zlib'
import { type RawReaction, writeForEver } from './raw-receiver.ts'

/** How an attempt ends. */
export interface ExpectedEnd {
  outcome: 'success' | 'failed' | 'timeout'
  error: string | null
  status?: number
  /** What the tenant is told. */
  message?: RegExp
}

export interface Misdeed {
  react: RawReaction
  expected: ExpectedEnd
}

const OK = 'HTTP/1.1 200 OK\r\n'
const BOMB = gzipSync(Buffer.alloc(50_000_000))
const TIMED_OUT: ExpectedEnd = { outcome: 'timeout', error: 'E_TIMEOUT', message: /No complete answer/ }
const NOT_HTTP: ExpectedEnd = { outcome: 'failed', error: 'E_CONNECTION' }
const HEAD_TOO_LARGE: ExpectedEnd = { outcome: 'failed', error: 'E_CONNECTION', message: /headers are too large/ }
const answering =
  (text: string): RawReaction =>
  (socket) =>
    void socket.write(text)

/** What receivers may do to whoever sends to them, and what each attempt has to end with. */
export const MISDEEDS: Record<string, Misdeed> = {
  'headers that never end, slowly': {
    react: (socket) => {
      socket.write(OK)
      writeForEver(socket, 'x-more: and more\r\n', 50)
    },
    expected: TIMED_OUT,
  },
  'headers that never end, fast': {
    react: (socket) => {
      socket.write(OK)
      writeForEver(socket, `x-more: ${'x'.repeat(1_000)}\r\n`, 0)
    },
    expected: HEAD_TOO_LARGE,
  },
  'one header of a megabyte': {
    react: answering(`${OK}x-huge: ${'x'.repeat(1_000_000)}\r\n\r\n`),
    expected: HEAD_TOO_LARGE,
  },
  'a status line of a megabyte': {
    react: answering(`HTTP/1.1 200 ${'x'.repeat(1_000_000)}`),
    expected: HEAD_TOO_LARGE,
  },
  'a status line that never ends': {
    react: (socket) => {
      socket.write('HTTP/1.1 200 ')
      writeForEver(socket, 'x'.repeat(10_000), 0)
    },
    expected: HEAD_TOO_LARGE,
  },
  'empty lines that never end': {
    react: (socket) => writeForEver(socket, '\r\n'.repeat(5_000), 0),
    expected: HEAD_TOO_LARGE,
  },
  'more than a hundred headers': {
    react: answering(`${OK}${'x: y\r\n'.repeat(101)}content-length: 0\r\n\r\n`),
    expected: HEAD_TOO_LARGE,
  },
  'a body that comes a byte at a time': {
    react: (socket) => {
      socket.write(`${OK}content-length: 1000000\r\n\r\n`)
      writeForEver(socket, 'x', 50)
    },
    expected: { outcome: 'success', error: null, status: 200 },
  },
  'a body that never ends': {
    react: (socket) => {
      socket.write(`${OK}transfer-encoding: chunked\r\n\r\n`)
      writeForEver(socket, `3e8\r\n${'x'.repeat(1_000)}\r\n`, 0)
    },
    expected: { outcome: 'success', error: null, status: 200 },
  },
  'a chunk that never ends': {
    react: (socket) => {
      socket.write(`${OK}transfer-encoding: chunked\r\n\r\nffffffff\r\n`)
      writeForEver(socket, 'x'.repeat(10_000), 0)
    },
    expected: { outcome: 'success', error: null, status: 200 },
  },
  'trailers that never end': {
    react: (socket) => {
      socket.write(`${OK}transfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n`)
      writeForEver(socket, `x-more: ${'x'.repeat(1_000)}\r\n`, 0)
    },
    expected: { outcome: 'success', error: null, status: 200 },
  },
  'a gzip bomb': {
    react: (socket) => {
      socket.write(`${OK}content-encoding: gzip\r\ncontent-length: ${BOMB.length}\r\n\r\n`)
      socket.write(BOMB)
    },
    expected: { outcome: 'success', error: null, status: 200 },
  },
  'a flood of 103': {
    react: (socket) => writeForEver(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n', 0),
    expected: { outcome: 'failed', error: 'E_CONNECTION', message: /too many informational answers/ },
  },
  'a drizzle of 102': {
    react: (socket) => writeForEver(socket, 'HTTP/1.1 102 Processing\r\n\r\n', 50),
    expected: { outcome: 'failed', error: 'E_CONNECTION', message: /too many informational answers/ },
  },
  'a few early hints and then the answer': {
    react: answering(
      `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(5)}${OK}connection: close\r\ncontent-length: 0\r\n\r\n`,
    ),
    expected: { outcome: 'success', error: null, status: 200 },
  },
  'a 100 that nobody asked for': {
    react: answering('HTTP/1.1 100 Continue\r\n\r\n'),
    expected: NOT_HTTP,
  },
  'a switch of protocols that nobody asked for': {
    react: answering('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    expected: { outcome: 'failed', error: 'E_CONNECTION' },
  },
  'a redirect, which is not followed': {
    react: answering(
      'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
    ),
    expected: { outcome: 'failed', error: 'E_HTTP', status: 302 },
  },
  'a reset in the headers': {
    react: (socket) => socket.write(`${OK}content-le`, () => socket.resetAndDestroy()),
    expected: { outcome: 'failed', error: 'E_CONNECTION' },
  },
  'a reset at once': {
    react: (socket) => socket.resetAndDestroy(),
    expected: { outcome: 'failed', error: 'E_CONNECTION' },
  },
  'a reset in the body of a 200': {
    react: (socket) =>
      socket.write(`${OK}content-length: 1000\r\n\r\nhalf`, () => setTimeout(() => socket.resetAndDestroy(), 50)),
    expected: { outcome: 'success', error: null, status: 200 },
  },
  'a reset in the body of a 500': {
    react: (socket) =>
      socket.write('HTTP/1.1 500 Oh\r\ncontent-length: 1000\r\n\r\nhalf', () =>
        setTimeout(() => socket.resetAndDestroy(), 50),
      ),
    expected: { outcome: 'failed', error: 'E_HTTP', status: 500 },
  },
  'two lengths of the body': {
    react: answering(`${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nxx`),
    expected: { outcome: 'failed', error: 'E_CONNECTION' },
  },
  'a length and chunks': {
    react: answering(`${OK}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
    expected: NOT_HTTP,
  },
  'a second answer behind the first': {
    react: answering(`${OK}content-length: 0\r\n\r\n${OK}content-length: 0\r\n\r\n`),
    expected: { outcome: 'success', error: null, status: 200 },
  },
  'something that is not HTTP': {
    react: answering('220 mail.example.com ESMTP\r\n'),
    expected: { outcome: 'failed', error: 'E_CONNECTION', message: /not HTTP/ },
  },
  'no word at all': {
    react: () => {},
    expected: TIMED_OUT,
  },
  'an end without a word': {
    react: (socket) => socket.end(),
    expected: { outcome: 'failed', error: 'E_CONNECTION' },
  },
}
