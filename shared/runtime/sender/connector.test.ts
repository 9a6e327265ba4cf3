import assert from 'node:assert/strict'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { after, before, test } from 'node:test'
import { createSecureContext } from 'node:tls'
import { FORBIDDEN_ADDRESS } from '../../domain/target-url.ts'
import { loadSettings } from '../config.ts'
import { createLogger } from '../logger.ts'
import { targetRules } from '../target-rules.ts'
import { createConnector } from './connector.ts'
import type { ResolvedAddress } from './resolver.ts'

let server: Server
before(async () => {
  server = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
after(() => server.close())

/** Connects to a name that is said to have these addresses. */
function connectTo(addresses: ResolvedAddress[]) {
  const connector = createConnector({
    rules: targetRules(loadSettings({ TARGET_ALLOWED_CIDRS: '127.0.0.0/8' })),
    resolver: { resolve: async () => ({ type: 'resolved', addresses }) },
    proxy: null,
    connectTimeoutMs: 500,
    tlsTimeoutMs: 500,
    logger: createLogger('silent'),
  })
  const { port } = server.address() as AddressInfo
  return connector({ isTls: false, host: 'receiver.test', address: null, port }, createSecureContext())
}

test('a connection to the address that was judged is given out', async () => {
  const socket = await connectTo([{ address: [127, 0, 0, 1], text: '127.0.0.1' }])
  assert.equal(socket.remoteAddress, '127.0.0.1')
  socket.destroy()
})

test('a connection that went to another address than the one that was judged is refused', async () => {
  const judged = { address: [127, 0, 0, 9], text: '127.0.0.1' }
  await assert.rejects(connectTo([judged]), { name: 'TargetError', kind: 'invalid-target', message: FORBIDDEN_ADDRESS })
})

test('one forbidden address among those of a name refuses them all, in any order', async () => {
  const [allowed, forbidden] = [
    { address: [127, 0, 0, 1], text: '127.0.0.1' },
    { address: [10, 0, 0, 1], text: '10.0.0.1' },
  ]
  for (const addresses of [
    [allowed, forbidden],
    [forbidden, allowed],
  ])
    await assert.rejects(connectTo(addresses), { name: 'TargetError', message: FORBIDDEN_ADDRESS })
})
