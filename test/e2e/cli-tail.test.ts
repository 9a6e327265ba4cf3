import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { startCli } from '../support/cli.ts'

/** A server that answers as `GET /live` does, or not at all. */
async function withServer<T>(
  answer: RequestListener,
  use: (environment: Record<string, string>) => Promise<T>,
): Promise<T> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return await use({ JETHOOK_URL: url, JETHOOK_TOKEN: 'token', JETHOOK_APPLICATION: 'app', HOME: '/nonexistent' })
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

const row = (event_id: string) => ({
  at: '2026-01-01T00:00:00Z',
  event_id,
  event_type: 'a.b.c',
  attempt_number: 1,
  outcome: 'success',
  status_code: 200,
  duration_ms: 5,
})
const message = (event: string, data: unknown) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

test('tail reads the live stream with its filter, tells what was left out, and takes a broken stream up again', async () => {
  const asked: { url: string; authorization: string }[] = []
  const answers = [
    `: hello\n\n${message('accepted', row('e1'))}${message('skipped', { count: 7 })}${message('later', {})}${message('ended', { reason: 'A test.' })}`,
    message('attempted', row('e2')),
  ]
  await withServer(
    (request, response) => {
      asked.push({ url: request.url ?? '', authorization: request.headers.authorization ?? '' })
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(answers.shift() ?? '')
    },
    async (environment) => {
      const { code, out, err } = await startCli(
        ['tail', '--type', 'a.b.c', '--kinds', 'accepted,attempted', '--count', '2', '-o', 'json'],
        { environment },
      ).ended
      assert.equal(code, 0, err)
      const rows = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { kind: string; event_id: string })
      assert.deepEqual(
        rows.map(({ kind, event_id }) => [kind, event_id]),
        [
          ['accepted', 'e1'],
          ['attempted', 'e2'],
        ],
      )
      assert.match(err, /7 left out[\s\S]*ended the stream: A test\./)
    },
  )
  assert.equal(asked.length, 2)
  assert.equal(asked[0]?.url, '/api/v1/live?application_id=app&event_type=a.b.c&kinds=accepted%2Cattempted')
  assert.equal(asked[0]?.authorization, 'Bearer token')
})

test('a credential that may not is told at once, and a server without a live stream is asked for its attempts', async () => {
  await withServer(
    (_, response) => void response.writeHead(403).end(),
    async (environment) => assert.equal((await startCli(['tail'], { environment }).ended).code, 3),
  )
  let asked = 0
  const attempt = {
    request_attempt_id: 'a1',
    event_id: 'e1',
    event: { event_type_name: 'a.b.c' },
    subscription: {},
    outcome: 'failed',
    created_at: '2026-01-01T00:00:00Z',
  }
  await withServer(
    (request, response) => {
      if (request.url?.startsWith('/api/v1/live')) response.writeHead(404).end()
      else response.end(JSON.stringify(asked++ === 0 ? [] : [attempt]))
    },
    async (environment) => {
      const { code, out, err } = await startCli(['tail', '--count', '1'], { environment }).ended
      assert.equal(code, 0, err)
      assert.match(out, /attempted {2}a\.b\.c {2}e1 {2}failed/)
      assert.match(err, /no live stream/)
    },
  )
})
