import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTimes } from './quantiles.ts'
import { epochNowMs, readStamp } from './stamp.ts'

/**
 * A receiver in a process of its own. It answers 200 at once; under `/hang` never, under `/fail` with 503. It tells its parent,
 * fifty times a second, how many requests have come. Asked for a report, it tells the times until the first byte came, and
 * begins anew: since the payload was due to be sent (its stamp), and since the event was accepted (its UUIDv7, where the sender
 * says one in `X-Event-Id`).
 */
const TELL_INTERVAL_MS = 20
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7/

const sinceDue = createTimes()
const sinceAccepted = createTimes()
let count = 0
let hanging = 0
let told = ''

const server = createServer((request, response) => {
  const nowMs = epochNowMs()
  const id = request.headers['x-event-id']
  if (typeof id === 'string' && UUID_V7.test(id)) {
    const acceptedMs = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
    sinceAccepted.add(nowMs - acceptedMs)
  }
  request.once('data', (chunk: Buffer) => {
    const dueMs = readStamp(chunk)
    if (dueMs !== null) sinceDue.add(nowMs - dueMs)
  })
  request.resume()
  request.once('end', () => {
    if (request.url?.startsWith('/hang')) {
      hanging++
      return
    }
    count++
    if (request.url?.startsWith('/fail')) response.statusCode = 503
    response.end('ok')
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))

setInterval(() => {
  const now = `${count} ${hanging}`
  if (now !== told) process.send?.({ count, hanging })
  told = now
}, TELL_INTERVAL_MS)
process.on('message', () => {
  process.send?.({ report: { count, sinceDue: sinceDue.quantiles(), sinceAccepted: sinceAccepted.quantiles() } })
  sinceDue.reset()
  sinceAccepted.reset()
})
process.once('disconnect', () => process.exit())
