import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EmbeddedServers, startEmbeddedServers } from '#scripts/embedded/servers.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import { newEventId } from '#shared/domain/ids.ts'
import { startStack } from '#test/support/stack.ts'
import { until } from '../support/until.ts'

const SHORT = { APPEND_TIMEOUT_MS: '2000', READ_YOUR_WRITES_TIMEOUT_MS: '300', SHUTDOWN_TIMEOUT_MS: '1000' }

function assertUnavailable(answer: { status: number; body: unknown; headers: Headers }): void {
  assert.deepEqual([answer.status, (answer.body as ProblemDocument).id], [503, 'ServiceUnavailable'])
  assert.equal(answer.headers.get('retry-after'), '5')
}

test('without Postgres events are accepted, but for ids that only the read model knows; reads are 503', async () => {
  const { api, servers, credentials, close } = await startStack({ ...SHORT, APPEND_TIMEOUT_MS: '10000' })
  const post = (more = {}) => api.call('POST', '/event', api.eventPost(more))
  try {
    await api.createEventType()
    await servers.postgres?.kill()
    assert.equal((await post()).status, 201)
    assert.equal((await post({ event_id: newEventId(Date.now()) })).status, 201)
    assertUnavailable(await post({ event_id: 'd9b2d63d-a233-4123-847a-76838bf2413a' }))
    assertUnavailable(await api.call('GET', `/events?application_id=${credentials.application_id}`))
    assert.equal((await api.createEventType('made.while.down')).status, 201)
    assert.equal((await post({ event_type: 'made.while.down' })).status, 201)
  } finally {
    await close()
  }
})

test('without NATS nothing is accepted, and reads say that they may be behind', async () => {
  const { api, home, servers, credentials, close } = await startStack(SHORT)
  let again: EmbeddedServers | null = null
  try {
    await api.createEventType()
    const id = await api.send()
    const found = `/events?application_id=${credentials.application_id}`
    await until(
      'the rows are there',
      async () => (await api.call('GET', found)).headers.get('jethook-read-model') === 'current',
    )
    await servers.nats?.kill()
    const startedMs = performance.now()
    assertUnavailable(await api.call('POST', '/event', api.eventPost()))
    assert.ok(performance.now() - startedMs < 8_000)
    assertUnavailable(await api.createEventType('a.b.d'))
    const { status, headers, body } = await api.call<{ event_id: string }[]>('GET', found)
    assert.deepEqual([status, headers.get('jethook-read-model')], [200, 'behind'])
    assert.equal(body[0]?.event_id, id)
    assertUnavailable(await api.call('GET', `/events/${id}?application_id=${credentials.application_id}`))
    again = await startEmbeddedServers({ home, databaseUrl: servers.databaseUrl, hasOpenUser: true })
    await until(
      'events are accepted again',
      async () => (await api.call('POST', '/event', api.eventPost())).status === 201,
    )
  } finally {
    again ??= await startEmbeddedServers({ home, databaseUrl: servers.databaseUrl, hasOpenUser: true })
    await close(again.stop)
  }
})
