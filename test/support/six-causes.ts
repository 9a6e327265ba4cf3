import type { DEAD_LETTER_CAUSES, DeadLetterGroup } from '#shared/contract/dead-letter-schemas.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { Api } from './api.ts'
import { type DnsServer, startDnsServer } from './dns-server.ts'
import { testLogger } from './nats.ts'
import type { Reaction, ReceivedRequest } from './receiver.ts'
import { until } from './until.ts'

type Cause = (typeof DEAD_LETTER_CAUSES)[number]

export interface SixCausesOptions {
  /** As it is now: after a restart it may be another. */
  api(): Api
  natsUrl: string
  receiverUrl: string
  /** Dead letters of each cause and subscription; an even number. */
  each: number
  /** Of jethook, so that no event is in its memory any more. */
  restart(): Promise<void>
}

export interface SixCauses {
  /** Of `/s0`, `/s1` and `/s2`. */
  subscriptionIds: string[]
  /** How many there must be in each group, by `groupName`. */
  wanted: Map<string, number>
}

/** What the receiver does until it is mended, by what stands in the payload. */
const FAILURES = {
  notFound: { status: 404 },
  invalid: { status: 422 },
  busy: { status: 503 },
  broken: 'reset',
} as const satisfies Record<string, Reaction>
type Failure = keyof typeof FAILURES

/** For whom the resolver of `startInsideDns` names an address that is refused. */
const INSIDE = 'inside.test'
const PATHS = ['/s0', '/s1', '/s2']
const LABELS = { run: 'six causes' }
const POST_BATCH = 1_000
const LIMIT_MS = 300_000

/** For DNS_SERVERS. */
export function startInsideDns(): Promise<DnsServer> {
  return startDnsServer((name) => (name === INSIDE ? { addresses: ['10.0.0.1'] } : 'nxdomain'))
}

export function failAsAsked({ body }: ReceivedRequest): Reaction {
  return FAILURES[(JSON.parse(body.toString()) as { as: Failure }).as]
}

export function groupName({ subscription, cause, status_code, error_name }: DeadLetterGroup): string {
  return `${subscription.subscription_id} ${cause} ${status_code} ${error_name}`
}

export async function openGroups(api: Api): Promise<DeadLetterGroup[]> {
  const { application_id } = api.eventPost()
  const path = `/dead_letters/groups?application_id=${application_id}&limit=100`
  return (await api.call<DeadLetterGroup[]>('GET', path)).body
}

/**
 * Lets deliveries of three subscriptions die for every cause that there is. In the end the subscriptions are as they should be,
 * and the receiver alone is to be mended.
 */
export async function dieForSixCauses(options: SixCausesOptions): Promise<SixCauses> {
  const { each, receiverUrl } = options
  const bed = await openBed(options)
  const target = (url: string, headers = {}) => ({ target: { type: 'http', method: 'POST', url, headers } })

  await bed.forAll('pause')
  await bed.post('busy', each)
  await dropEvents(options)
  await options.restart()
  await bed.forAll('resume')
  await bed.untilDead('event_expired', [[null, 'E_UNKNOWN', each]])

  await bed.forAll('pause')
  await bed.post('busy', each)
  await bed.change(() => ({ is_enabled: false }))
  await bed.untilDead('cancelled', [[null, null, each]])
  await bed.forAll('resume')

  await bed.change((path) => target(`http://${INSIDE}${path}`))
  await bed.post('busy', each)
  await bed.untilDead('refused_address', [[null, 'E_INVALID_TARGET', each]])

  await bed.change((path) => target(receiverUrl + path, { 'x-place': 'café' }))
  await bed.post('busy', each)
  await bed.untilDead('invalid_header', [[null, 'E_INVALID_HEADER', each]])

  await bed.change((path) => target(receiverUrl + path))
  const half = each / 2
  await bed.post('notFound', half)
  await bed.post('invalid', half)
  await bed.untilDead('permanent', [
    [404, 'E_HTTP', half],
    [422, 'E_HTTP', half],
  ])
  await bed.post('busy', half)
  await bed.post('broken', half)
  await bed.untilDead('retries_spent', [
    [503, 'E_HTTP', half],
    [null, 'E_CONNECTION', half],
  ])
  return bed
}

/** What differs from one group of a cause to the next. */
type Ending = [statusCode: number | null, errorName: string | null, count: number]

async function openBed({ api, receiverUrl }: SixCausesOptions) {
  const wanted: SixCauses['wanted'] = new Map()
  const subscriptionIds: string[] = []
  for (const path of PATHS)
    subscriptionIds.push((await api().subscribe(receiverUrl + path, { labels: LABELS })).subscription_id)

  async function ask(method: string, path: string, body: object): Promise<void> {
    const { application_id } = api().eventPost()
    const { status } = await api().call(method, path, { application_id, ...body })
    if (status !== 200) throw new Error(`${method} ${path} was answered with ${status}`)
  }

  return {
    subscriptionIds,
    wanted,
    async forAll(action: 'pause' | 'resume') {
      for (const id of subscriptionIds) await ask('POST', `/subscriptions/${id}/${action}`, {})
    },
    /** Each is what it was at first but for this. */
    async change(more: (path: string) => Record<string, unknown>) {
      for (const [i, id] of subscriptionIds.entries()) {
        const path = PATHS[i]!
        const state = api().subscriptionPost(receiverUrl + path, { labels: LABELS, ...more(path) })
        await ask('PUT', `/subscriptions/${id}`, state)
      }
    },
    /** Resolves when they are matched, too. */
    async post(as: Failure, count: number) {
      for (let from = 0; from < count; from += POST_BATCH) {
        const events = Array.from({ length: Math.min(POST_BATCH, count - from) }, (_, i) => {
          const payload = JSON.stringify({ n: from + i, as })
          const { application_id: _application, ...event } = api().eventPost({ labels: LABELS, payload })
          return event
        })
        await ask('POST', '/events/batch', { events })
      }
      const { application_id } = api().eventPost()
      await until('they are matched', async () => {
        const { headers } = await api().call('GET', `/events?application_id=${application_id}&limit=1`)
        return headers.get('jethook-read-model') === 'current'
      })
    },
    async untilDead(cause: Cause, endings: readonly Ending[]) {
      for (const id of subscriptionIds)
        for (const [statusCode, errorName, count] of endings)
          wanted.set(`${id} ${cause} ${statusCode} ${errorName}`, count)
      const all = [...wanted.values()].reduce((sum, count) => sum + count, 0)
      const openNow = async () => (await openGroups(api())).reduce((sum, { count }) => sum + count, 0)
      await until(`as many as should be are dead: ${cause}`, async () => (await openNow()) >= all, LIMIT_MS)
    },
  }
}

/** All but one that comes after them, as if they had grown too old. */
async function dropEvents({ api, natsUrl }: SixCausesOptions): Promise<void> {
  await api().send({ labels: { run: 'nobody wants it' } })
  const nats = await connectNats(natsUrl, 'test', testLogger)
  try {
    for (const max_msgs of [1, -1]) await nats.jsm.streams.update(STREAM_NAMES.events, { max_msgs })
  } finally {
    await nats.connection.close()
  }
}
