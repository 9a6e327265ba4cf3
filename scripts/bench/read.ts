import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { fillRows } from './fill-rows.ts'
import { createCall } from './jethook-load.ts'
import { createTimes } from './quantiles.ts'
import type { Results } from './results.ts'
import type { Bench } from './stage.ts'

const SMALL_ROWS = 10_000
const LARGE_ROWS = 10_000_000
const QUICK_ROWS = 30_000
const TIMES = 60
const QUICK_TIMES = 10
const WARM_UP = 10
const PAGE = 100
const EVENT_TYPE = 'bench.event.read'

/** The same four GETs of one application with 10,000 attempts, and then with 10,000,000, one after the other. */
export async function benchRead(bench: Bench): Promise<Results> {
  const { credentials, servers, options } = bench
  const call = createCall(credentials)
  const client = new pg.Client({ connectionString: servers.databaseUrl })
  await client.connect()
  try {
    const { application_id } = await call<{ application_id: string }>('/applications', {
      name: 'Many rows',
      organization_id: credentials.organization_id,
    })
    const fill = { applicationId: application_id, subscriptionId: randomUUID(), eventType: EVENT_TYPE }
    const large = bench.size(LARGE_ROWS, QUICK_ROWS)
    const results: Results = {}
    let rows = 0
    for (const [name, size] of [
      ['small', Math.min(SMALL_ROWS, large)],
      ['large', large],
    ] as const) {
      await fillRows(client, fill, { from: rows, to: size, onProgress: (now) => bench.tell(`read: ${now} rows`) })
      rows = size
      for (const [query, path] of Object.entries(await pathsOf(application_id, size)))
        results[`read-${name}-${query}`] = { ...(await measure(path)), figures: { attempts: size } }
    }
    return results
  } finally {
    await client.end()
  }

  async function pathsOf(applicationId: string, rows: number): Promise<Record<string, string>> {
    const attempts = `/request_attempts?application_id=${applicationId}&limit=100`
    return {
      'first-page': attempts,
      'page-100': await pageOf(attempts, Math.min(PAGE, Math.floor(rows / PAGE))),
      groups: `/dead_letters/groups?application_id=${applicationId}`,
      search: `${attempts}&outcome=failed&event.event_type_names=${EVENT_TYPE}`,
    }
  }

  /** Page after page, as somebody who leafs through them comes there. */
  async function pageOf(path: string, page: number): Promise<string> {
    let at = path
    for (let i = 1; i < page; i++) {
      const next = /[?&]pagination_cursor=([^&>]+)/.exec((await get(at)).headers.get('link') ?? '')?.[1]
      if (next === undefined) throw new Error(`${at} names no next page`)
      at = `${path}&pagination_cursor=${next}`
    }
    return at
  }

  async function measure(path: string) {
    for (let i = 0; i < WARM_UP; i++) await get(path)
    const times = createTimes()
    for (let i = 0; i < (options.isQuick ? QUICK_TIMES : TIMES); i++) {
      const beganMs = performance.now()
      await get(path)
      times.add(performance.now() - beganMs)
    }
    const { p50Ms, p99Ms } = times.quantiles()
    return { p50_ms: p50Ms, p99_ms: p99Ms }
  }

  async function get(path: string): Promise<Response> {
    const headers = { authorization: `Bearer ${credentials.service_token}` }
    const response = await fetch(credentials.api_url + path, { headers })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${text.slice(0, 300)}`)
    return response
  }
}
