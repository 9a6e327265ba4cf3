import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A receiver in a process of its own. Under `/hang` it never answers; elsewhere it answers 200 at once and keeps how long after
 * its event was accepted each request came, by the time in the event's id (UUIDv7). Asked with `report`, it tells and begins anew.
 */
let latenciesMs: number[] = []
let hangingCount = 0

const server = createServer((request, response) => {
  request.resume()
  request.once('end', () => {
    if (request.url === '/hang') {
      hangingCount++
      return
    }
    const id = String(request.headers['x-event-id'])
    latenciesMs.push(Date.now() - Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16))
    response.end('ok')
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
setInterval(() => process.send?.({ count: latenciesMs.length, hangingCount }), 50)
process.on('message', () => {
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  latenciesMs = []
  const quantile = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  process.send?.({ p50Ms: quantile(0.5), p99Ms: quantile(0.99) })
})
process.once('disconnect', () => process.exit())
