import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { loadSettings } from '#shared/runtime/config.ts'
import { testLogger } from '#test/support/nats.ts'
import { gatewayConfig } from './config.ts'
import { registerDashboard } from './dashboard.ts'
import { createServer, type GatewayServer } from './server.ts'

let scratch: string
let folder: string
let server: GatewayServer
before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'jethook-dashboard-'))
  folder = join(scratch, 'dist')
  await mkdir(join(folder, 'assets'), { recursive: true })
  await writeFile(join(scratch, 'secret.txt'), 'secret')
  server = await createServer(gatewayConfig(loadSettings({})), testLogger)
  await registerDashboard(server, folder)
})
after(async () => {
  await server.close()
  await rm(scratch, { recursive: true, force: true })
})

const get = (url: string, accept = '*/*') => server.inject({ url, headers: { accept } })

test('without a built dashboard the page says how to build it', async () => {
  const { statusCode, body, headers } = await get('/', 'text/html')
  assert.equal(statusCode, 200)
  assert.match(body, /npm run dashboard/)
  assert.match(String(headers['content-security-policy']), /default-src 'self'/)
})

test('pages are never kept, hashed files for ever, and both name what they may load', async () => {
  await writeFile(join(folder, 'index.html'), '<p>page</p>')
  await writeFile(join(folder, 'assets', 'main-abc123.js'), 'program')
  await writeFile(join(folder, 'favicon.svg'), '<svg/>')
  const page = await get('/')
  assert.deepEqual([page.statusCode, page.body, page.headers['cache-control']], [200, '<p>page</p>', 'no-cache'])
  const policy = String(page.headers['content-security-policy'])
  assert.match(policy, /script-src 'self';/)
  assert.match(policy, /frame-ancestors 'none'/)
  const program = await get('/assets/main-abc123.js')
  assert.match(String(program.headers['content-type']), /javascript/)
  assert.equal(program.headers['cache-control'], 'public, max-age=31536000, immutable')
  assert.equal((await get('/favicon.svg')).headers['cache-control'], 'no-cache')
})

test("the page's own addresses give the page to a browser alone; the rest stays a problem", async () => {
  assert.equal((await get('/subscriptions/1', 'text/html,*/*')).body, '<p>page</p>')
  assert.equal((await get('/apps/1/event-types/billing.invoice.paid', 'text/html,*/*')).body, '<p>page</p>')
  for (const [url, accept] of [
    ['/subscriptions/1', 'application/json'],
    ['/assets/missing.js', 'text/html'],
    ['/api/v1/nowhere', 'text/html'],
    ['/..%2fsecret.txt', 'text/html'],
    ['/%2e%2e/secret.txt', 'text/html'],
    ['/assets/../../secret.txt', 'text/html'],
  ] as const) {
    const { statusCode, body } = await get(url, accept)
    assert.ok(!body.includes('secret'), url)
    assert.equal(statusCode, 404, url)
    assert.equal(JSON.parse(body).id, 'NotFound', url)
  }
  assert.equal((await server.inject({ method: 'POST', url: '/subscriptions/1' })).statusCode, 404)
})
