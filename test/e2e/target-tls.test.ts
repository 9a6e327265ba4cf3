import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type { SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { certificateOf, TEST_CA } from '../support/certificates.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { startTlsReceiver, type TlsReceiver } from '../support/tls-receiver.ts'
import { until } from '../support/until.ts'

const { cert: client_certificate, key: client_key } = certificateOf('client')
const ASKING = { ca: TEST_CA, requestCert: true, rejectUnauthorized: true }

let stack: Stack
let receiver: TlsReceiver
let url: string
before(async () => {
  receiver = await startTlsReceiver('server', ASKING)
  url = `https://localhost:${receiver.port}/hook`
  stack = await startStack({ DNS_IP_STRATEGY: 'ipv4-only' })
  await stack.api.createEventType()
})
after(async () => {
  await stack?.close()
  await receiver?.close()
})

const answerOf = async (event_id: string) => {
  const attempt = await until('the first attempt has ended', async () =>
    (await stack.api.attempts({ event_id })).find(({ response_id }) => response_id !== null),
  )
  return stack.api.response(attempt.response_id!)
}

test('a subscription with an authority and a certificate of its own is delivered to, and its key is never shown', async () => {
  const labels = { to: 'mutual' }
  const made = await stack.api.subscribe(url, { labels, tls: { ca: TEST_CA, client_certificate, client_key } })
  assert.deepEqual(made.tls, { ca: TEST_CA, client_certificate })
  assert.equal((await answerOf(await stack.api.send({ labels }))).http_code, 200)

  const path = `/subscriptions/${made.subscription_id}`
  const put = (tls: unknown) =>
    stack.api.call<SubscriptionAnswer & ProblemDocument>('PUT', path, stack.api.subscriptionPost(url, { labels, tls }))
  const kept = await put({ ca: TEST_CA, client_certificate })
  assert.equal(kept.status, 200)
  assert.equal((await answerOf(await stack.api.send({ labels }))).http_code, 200)
  assert.deepEqual(
    receiver.requests.map(({ client, servername }) => [client, servername]),
    [
      ['client', 'localhost'],
      ['client', 'localhost'],
    ],
  )
  for (const shown of [made, kept.body, (await stack.api.call('GET', path)).body])
    assert.ok(!JSON.stringify(shown).includes('PRIVATE KEY'))

  assert.equal((await put({ client_certificate: TEST_CA })).status, 422)
  const wrong = await put({ ca: TEST_CA, client_certificate, client_key: certificateOf('server').key })
  assert.equal(wrong.status, 422)
  assert.deepEqual(Object.keys(wrong.body.validation ?? {}), ['tls'])
  assert.ok(!JSON.stringify(wrong.body).includes('PRIVATE KEY'))
  // A PUT replaces everything: without certificates there are none any more.
  assert.equal((await put(undefined)).body.tls, undefined)
  assert.equal((await answerOf(await stack.api.send({ labels }))).response_error_name, 'E_CONNECTION')
})

test('without them the receiver is not trusted, or does not trust us: both end as E_CONNECTION', async () => {
  for (const [to, tls, message] of [
    ['nobody', undefined, /^TLS with the target failed \([A-Z_]+\)$/],
    // TLS 1.3 lets a receiver refuse our certificate after the handshake: it may just hang up.
    ['half', { ca: TEST_CA }, /^TLS with the target failed|^The connection to the target failed/],
  ] as const) {
    await stack.api.subscribe(url, { labels: { to }, max_retries: 0, tls })
    const { response_error_name, body, http_code } = await answerOf(await stack.api.send({ labels: { to } }))
    assert.deepEqual([response_error_name, http_code], ['E_CONNECTION', null])
    assert.match(body ?? '', message, to)
  }
})
