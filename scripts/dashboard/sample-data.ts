import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { createDemoApi, type DemoApi } from '#scripts/demo/api.ts'
import { type DemoEvent, githubEvents, nameOf } from '#scripts/demo/github-events.ts'
import type { Credentials } from '#scripts/start/credentials.ts'

const TYPES = 24
const EVENTS = 420
const SPREAD_QUARTERS = 95

/** Who gets what in the sample: a path of the receiver says how it answers. */
const ENDPOINTS = [
  { description: 'CI runner', path: '/ok', types: ['github.check_run.**', 'github.check_suite.**', 'github.push.**'] },
  {
    description: 'Release notes',
    path: '/ok/slow',
    types: ['github.release.**', 'github.create.**', 'github.branch_protection_rule.**'],
  },
  { description: 'Chat bridge', path: '/flaky', types: ['github.**'] },
  { description: 'Audit archive', path: '/ok', types: ['github.**'] },
  { description: 'Old ticket system', path: '/gone-wrong', types: ['github.commit_comment.**', 'github.check_run.**'] },
  {
    description: 'Billing import',
    path: '/refuses',
    types: ['github.code_scanning_alert.**', 'github.check_suite.**'],
  },
]

/** What a screenshot names. */
export interface Sample {
  deadEventId: string
  subscriptionId: string
  close(): void
}

/** An application with some history: the demo's GitHub payloads to six endpoints, two of which are in trouble. */
export async function makeSample(credentials: Credentials): Promise<Sample> {
  const api = createDemoApi(credentials)
  const { application_id } = credentials
  const receiver = await startSampleReceiver()
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
  const events = chooseEvents()
  for (const type of new Map(events.map((event) => [nameOf(event.eventType), event.eventType])).values())
    await api('POST', '/event_types', { application_id, ...type })
  const made: { subscription_id: string }[] = []
  for (const { description, path, types } of ENDPOINTS)
    made.push(
      await api('POST', '/subscriptions', {
        application_id,
        is_enabled: true,
        description,
        event_types: types,
        labels: { source: 'github' },
        target: { type: 'http', method: 'POST', url: url + path, headers: {} },
      }),
    )
  for (let i = 0; i < EVENTS; i++) await send(api, application_id, events[i % events.length]!)
  const deadEventId = await waitForDeadLetter(api, application_id)
  await spreadFigures(credentials.database_url)
  return { deadEventId, subscriptionId: made[2]!.subscription_id, close: () => receiver.closeAllConnections() }
}

/** One event of each of some types. */
function chooseEvents(): DemoEvent[] {
  const byType = new Map(githubEvents().map((event) => [nameOf(event.eventType), event]))
  return [...byType.values()].slice(0, TYPES)
}

async function send(api: DemoApi, application_id: string, event: DemoEvent): Promise<void> {
  await api('POST', '/event', {
    application_id,
    event_type: nameOf(event.eventType),
    payload: event.payload,
    payload_content_type: 'application/json',
    occurred_at: new Date().toISOString(),
    labels: event.labels,
  })
}

async function waitForDeadLetter(api: DemoApi, application_id: string): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const query = `application_id=${application_id}&cause=permanent&limit=1`
    const [letter] = await api<{ event: { event_id: string } }[]>('GET', `/dead_letters?${query}`)
    if (letter) return letter.event.event_id
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('No delivery became a dead letter.')
}

async function startSampleReceiver(): Promise<Server> {
  let requests = 0
  const server = createServer((request, response) => {
    request.resume()
    const answer = (status: number, body: string, afterMs: number) =>
      setTimeout(() => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(body)
      }, afterMs)
    requests++
    if (request.url === '/gone-wrong') answer(503, '{"error":"connection pool exhausted"}', 40)
    else if (request.url === '/refuses') answer(422, '{"error":"unknown customer"}', 12)
    else if (request.url === '/flaky' && requests % 9 === 0) answer(500, '{"error":"try again"}', 90)
    else answer(200, '{"ok":true}', request.url === '/ok/slow' ? 120 : 8 + (requests % 7) * 4)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return server
}

/** All of it happened within a minute: what was counted is repeated over the day before, so that charts have something to show. */
async function spreadFigures(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const earlier = `generate_series(1, ${SPREAD_QUARTERS}) AS g`
  const share = '(0.15 + 0.5 * random() + 0.35 * (1 + sin(g / 9.0)) / 2)'
  try {
    await client.query(`INSERT INTO event_figures (application_id, at, amount)
      SELECT application_id, at - g * interval '15 minutes', ceil(amount * ${share}) FROM event_figures, ${earlier} ON CONFLICT DO NOTHING`)
    // Minutes are what charts of a day are drawn from; hours and days are left as they are.
    await client.query(`INSERT INTO attempt_figures (application_id, step, at, kind, bin, amount)
      SELECT application_id, step, at - g * interval '15 minutes', kind, bin, ceil(amount * ${share} * CASE kind WHEN 'failed' THEN 0.3 WHEN 'dead' THEN 0.1 ELSE 1 END)
      FROM attempt_figures, ${earlier} WHERE step = (SELECT min(step) FROM attempt_figures) AND (kind <> 'dead' OR g % 16 = 0)
      ON CONFLICT DO NOTHING`)
    await client.query(`INSERT INTO subscription_figures (subscription_id, at, kind, bin, amount, last_at)
      SELECT subscription_id, at - g * interval '1 hour', kind, bin, ceil(amount * ${share}), last_at - g * interval '1 hour'
      FROM subscription_figures, generate_series(1, 23) AS g ON CONFLICT DO NOTHING`)
  } finally {
    await client.end()
  }
}
