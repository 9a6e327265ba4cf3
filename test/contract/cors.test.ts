import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Stack, startStack } from '#test/support/stack.ts'

let stack: Stack
before(async () => {
  stack = await startStack({
    CORS_ALLOWED_ORIGINS: 'https://app.example, https://other.example',
    APP_URL: 'https://hooks.example/base',
  })
})
after(() => stack?.close())

const ask = (method: string, path: string, headers: Record<string, string>) =>
  fetch(`${stack.apiUrl()}/api/v1${path}`, { method, headers })

test('a preflight needs no credential and names what may be sent', async () => {
  const { status, headers } = await ask('OPTIONS', '/event', {
    origin: 'https://app.example',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,hook0-client-options',
  })
  assert.equal(status, 204)
  assert.equal(headers.get('access-control-allow-origin'), 'https://app.example')
  assert.equal(headers.get('access-control-allow-methods'), 'GET, POST, PUT, DELETE')
  assert.equal(headers.get('access-control-allow-headers'), 'Accept, Authorization, Content-Type, Hook0-Client-Options')
  assert.equal(headers.get('access-control-max-age'), '3600')
  assert.equal(headers.get('access-control-allow-credentials'), null)
})

test('an allowed origin can read a refusal, another origin nothing', async () => {
  const refused = await ask('GET', '/events', { origin: 'https://other.example' })
  assert.equal(refused.status, 401)
  assert.equal(refused.headers.get('access-control-allow-origin'), 'https://other.example')
  const foreign = await ask('GET', '/errors', { origin: 'https://evil.example' })
  assert.equal(foreign.headers.get('access-control-allow-origin'), null)
})

test('links name the public address, without its path', async () => {
  const { api, credentials } = stack
  await api.createEventType()
  await api.subscribe('http://127.0.0.1:9/')
  await api.send()
  const { headers } = await api.call('GET', `/request_attempts?application_id=${credentials.application_id}`)
  assert.match(headers.get('link') ?? '', /^<https:\/\/hooks\.example\/api\/v1\/request_attempts\?application_id=/)
})
