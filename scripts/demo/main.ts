import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Credentials } from '#scripts/start/credentials.ts'
import { createProgress } from '#scripts/start/progress.ts'
import { EXPECTED_ERRORS, startJethook } from '#scripts/start/start.ts'
import type { RequestAttempt } from '#shared/contract/schemas.ts'
import { newEventId } from '#shared/domain/ids.ts'
import { createDemoApi, type DemoApi } from './api.ts'
import { type DemoEvent, githubEvents, nameOf } from './github-events.ts'
import { type DemoReceiver, startDemoReceiver } from './receiver.ts'

const REPETITIONS = 3
/** The contract's limit. */
const TYPES_PER_SUBSCRIPTION = 100
const CONNECTIONS = 16
const FAIL_FIRST = 12
const DRAIN_LIMIT_MS = 60_000
const LINE_INTERVAL_MS = 100

/** An event that was accepted, and when. */
interface Sent {
  eventId: string
  acceptedAtMs: number
}

interface DemoSubscription {
  subscription_id: string
  secret: string
}

/** A jethook that runs already is used; else one is started for the demo, and stopped after it. */
async function connect(): Promise<{ credentials: Credentials; stop: () => Promise<void> }> {
  const home = process.env['JETHOOK_HOME'] ?? './.jethook'
  const running = await readFile(join(home, 'credentials.json'), 'utf8').then(
    (text) => JSON.parse(text) as Credentials,
    () => null,
  )
  if (running && (await fetch(`${running.api_url}/errors`).catch(() => null))?.ok)
    return { credentials: running, stop: async () => {} }
  const progress = createProgress()
  const jethook = await startJethook({
    environment: { RETRY_SCHEDULE: '1s,2s,4s', DISABLE_API_RATE_LIMITING: 'true', ...process.env },
    progress,
    withEcho: false,
  })
  progress.done()
  return jethook
}

async function run(): Promise<boolean> {
  const { credentials, stop } = await connect()
  const events = Array.from({ length: REPETITIONS }, githubEvents).flat()
  const refused = nameOf(events[0]!.eventType)
  const receiver = await startDemoReceiver({ failFirst: FAIL_FIRST, refuseType: refused })
  const api = createDemoApi(credentials)
  const subscriptions: DemoSubscription[] = []
  try {
    console.log(`\n  Posting ${events.length} webhook payloads of GitHub's to jethook at ${credentials.api_url}`)
    console.log(
      `  A local receiver verifies each signature, fails ${FAIL_FIRST} times at first, and refuses every ${refused}\n`,
    )
    const types = new Map(events.map((event) => [nameOf(event.eventType), event.eventType]))
    for (const type of types.values())
      await api('POST', '/event_types', { application_id: credentials.application_id, ...type })
    const names = [...types.keys()]
    for (let i = 0; i < names.length; i += TYPES_PER_SUBSCRIPTION) {
      const path = `/webhooks/${i / TYPES_PER_SUBSCRIPTION + 1}`
      const subscription = await subscribe(
        api,
        credentials,
        receiver.url + path,
        names.slice(i, i + TYPES_PER_SUBSCRIPTION),
      )
      receiver.expectSecret(path, subscription.secret)
      subscriptions.push(subscription)
    }
    const sent: Sent[] = []
    const ticker = setInterval(() => showLine(sent.length, events.length, receiver), LINE_INTERVAL_MS)
    const attempts = await sendAll(api, credentials, events, sent)
      .then(() => waitForEnds(api, credentials, subscriptions, sent.length))
      .finally(() => clearInterval(ticker))
    showLine(sent.length, events.length, receiver)
    return summarize(sent, attempts, receiver)
  } finally {
    for (const { subscription_id } of subscriptions) {
      await api('DELETE', `/subscriptions/${subscription_id}?application_id=${credentials.application_id}`).catch(
        () => {},
      )
    }
    receiver.close()
    await stop()
  }
}

function subscribe(
  api: DemoApi,
  { application_id }: Credentials,
  url: string,
  eventTypes: string[],
): Promise<DemoSubscription> {
  return api('POST', '/subscriptions', {
    application_id,
    is_enabled: true,
    description: 'npm start -- demo',
    event_types: eventTypes,
    labels: { source: 'github' },
    target: { type: 'http', method: 'POST', url, headers: {} },
  })
}

async function sendAll(
  api: DemoApi,
  { application_id }: Credentials,
  events: DemoEvent[],
  sent: Sent[],
): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (next < events.length) {
        const { eventType, payload, labels } = events[next++]!
        const event_id = newEventId(Date.now())
        const post = {
          application_id,
          event_id,
          event_type: nameOf(eventType),
          payload,
          payload_content_type: 'application/json',
          occurred_at: new Date().toISOString(),
          labels,
        }
        await api('POST', '/event', post)
        sent.push({ eventId: event_id, acceptedAtMs: Date.now() })
      }
    }),
  )
}

/** The attempt log of the demo's subscriptions, once every delivery has ended. */
async function waitForEnds(
  api: DemoApi,
  credentials: Credentials,
  subscriptions: readonly DemoSubscription[],
  deliveries: number,
): Promise<RequestAttempt[]> {
  const endMs = Date.now() + DRAIN_LIMIT_MS
  for (;;) {
    const pages = subscriptions.map(({ subscription_id }) => allAttempts(api, credentials, subscription_id))
    const attempts = (await Promise.all(pages)).flat()
    const ended = new Set(attempts.filter(isLast).map(({ delivery_id }) => delivery_id))
    if (ended.size >= deliveries || Date.now() > endMs) return attempts
    await delay(300)
  }
}

const isLast = ({ outcome, next_attempt_at }: RequestAttempt) => outcome !== null && next_attempt_at === null

async function allAttempts(
  api: DemoApi,
  { application_id }: Credentials,
  subscriptionId: string,
): Promise<RequestAttempt[]> {
  const attempts: RequestAttempt[] = []
  let cursor: string | null = null
  for (;;) {
    const query = new URLSearchParams({
      application_id,
      subscription_id: subscriptionId,
      ...(cursor ? { pagination_cursor: cursor } : {}),
    })
    const page: RequestAttempt[] = await api('GET', `/request_attempts?${query}`)
    const last = page.at(-1)
    if (!last) return attempts
    attempts.push(...page)
    cursor = Buffer.from(JSON.stringify({ date: last.created_at, id: last.request_attempt_id })).toString('base64url')
  }
}

/** On a terminal only: elsewhere the table at the end says it all. */
function showLine(sent: number, total: number, receiver: DemoReceiver): void {
  if (!process.stdout.isTTY) return
  process.stdout.write(
    `\r  posted ${sent}/${total}   requests received ${receiver.requests()}   events taken ${receiver.takenAtMs.size}   `,
  )
}

/** @returns whether every event was delivered or is a dead letter, and every signature was good. */
function summarize(sent: Sent[], attempts: RequestAttempt[], receiver: DemoReceiver): boolean {
  const lasts = attempts.filter(isLast)
  const dead = lasts.filter(({ outcome }) => outcome !== 'success').length
  const latenciesMs = sent
    .flatMap(({ eventId, acceptedAtMs }) => {
      const takenMs = receiver.takenAtMs.get(eventId)
      return takenMs === undefined ? [] : [Math.max(0, takenMs - acceptedAtMs)]
    })
    .sort((a, b) => a - b)
  const quantile = (share: number) => `${latenciesMs[Math.floor((latenciesMs.length - 1) * share)] ?? 0} ms`
  const rows: [string, string | number][] = [
    ['events accepted', sent.length],
    ['deliveries', new Set(attempts.map(({ delivery_id }) => delivery_id)).size],
    ['attempts', attempts.filter(({ outcome }) => outcome !== null).length],
    ['retried', attempts.filter(({ attempt_number }) => attempt_number === 2).length],
    ['delivered', lasts.length - dead],
    ['dead letters', dead],
    ['invalid signatures', receiver.invalidSignatures()],
    ['p50 acceptance to receipt', quantile(0.5)],
    ['p99 acceptance to receipt', quantile(0.99)],
  ]
  console.log(`\n\n${rows.map(([name, value]) => `  ${name.padEnd(28)}${String(value).padStart(10)}`).join('\n')}\n`)
  const isComplete =
    lasts.length === sent.length && receiver.takenAtMs.size + dead === sent.length && receiver.invalidSignatures() === 0
  console.log(
    isComplete
      ? '  Every event was delivered or is a dead letter, and every signature was verified.\n'
      : '  Something is missing: see the table.\n',
  )
  return isComplete
}

try {
  process.exit((await run()) ? 0 : 1)
} catch (error) {
  const isExpected = EXPECTED_ERRORS.has((error as Error).name)
  process.stderr.write(
    `\njethook: ${isExpected ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`,
  )
  process.exit(1)
}
