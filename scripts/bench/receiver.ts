import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A receiver in a process of its own: answers 200 at once and tells its parent, ten times a second, how many requests
 * have come.
 */
let count = 0
let told = 0
const server = createServer((request, response) => {
  request.resume()
  request.once('end', () => {
    count++
    response.end('ok')
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
setInterval(() => {
  if (count !== told) process.send?.({ count })
  told = count
}, 100)
process.once('disconnect', () => process.exit())
