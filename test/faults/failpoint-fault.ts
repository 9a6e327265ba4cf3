import { connectNats } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import { testLogger } from '../support/nats.ts'
import { connectPublisher } from '../support/nats-publisher.ts'
import { until } from '../support/until.ts'
import { FAILPOINTS } from './failpoints.ts'
import type { FaultBench } from './fault-bench.ts'
import { subscribe } from './jethook-bench.ts'

/** How jethook is brought to a failpoint, and which of its passages is the last. */
interface Approach {
  times: number
  provoke?: (bench: FaultBench) => Promise<void>
}

/** In the middle of a load. */
const UNDER_LOAD: Approach = { times: 20 }
const DELAYED: Approach = { times: 1, provoke: postDelayed }

/** What the load of every bench doesn't reach often, or not by itself. */
const APPROACHES: Record<string, Approach> = {
  'inbox-events-stored-not-acknowledged': { times: 1, provoke: publishSome },
  'inbox-rejected-not-acknowledged': { times: 1, provoke: publishSome },
  'event-postponed-before-its-fact': DELAYED,
  'before-release': DELAYED,
  'after-release': DELAYED,
  'before-schedule': { times: 4 },
  'scheduled-before-fact': { times: 4 },
  'lane-checkpoint-before-purge': { times: 2 },
  // Of the lanes that a start claims.
  'lane-claimed-not-opened': { times: 4 },
  'brought-back': { times: 1, provoke: loseSchedules },
  'disabled-not-yet-cancelled': { times: 1, provoke: disable },
}

/** Takes jethook to one failpoint after the other; each time it dies there, under load, and is started again. */
export async function dieAtFailpoints(bench: FaultBench, names = FAILPOINTS.map(({ name }) => name)): Promise<void> {
  for (const name of names) {
    const { times, provoke } = APPROACHES[name] ?? UNDER_LOAD
    const provoked = Promise.withResolvers<void>()
    const start = async () => void provoke?.(bench).then(provoked.resolve, provoked.reject)
    await bench.dieAt(name, times, start)
    await bench.restartJethook()
    if (provoke) await provoked.promise
  }
}

async function postDelayed({ poster }: FaultBench): Promise<void> {
  await Promise.all(Array.from({ length: 4 }, (_, i) => poster.postOne({ delay_ms: 300 + 200 * i })))
}

/** Some that become events, under ids that they get here, and some that are refused. */
async function publishSome({ servers, api }: FaultBench): Promise<void> {
  const publisher = await connectPublisher(servers.natsUrl)
  const { application_id } = api.eventPost()
  const types = ['a.b.c', 'no.such.type', 'a.b.c', 'no.such.type']
  await Promise.all(types.map((type) => publisher.js.publish(`in.${application_id}.${type}`, '{}')))
  await publisher.close()
}

/** Retries that nobody holds any more: the reconciler has to bring them back. */
async function loseSchedules({ servers }: FaultBench): Promise<void> {
  const nats = await connectNats(servers.natsUrl, 'test', testLogger)
  try {
    await until('a schedule is there to be lost', async () => {
      const { purged } = await nats.jsm.streams.purge(STREAM_NAMES.waiting, { filter: 'wait.>' })
      return purged > 0
    })
  } finally {
    await nats.connection.close()
  }
}

/** Disables a subscription that has retries open. Who asked for it gets no answer, and doesn't ask again. */
async function disable(bench: FaultBench): Promise<void> {
  const { api, receiver } = bench
  const before = bench.react
  const subscriptionId = await subscribe(bench)
  const path = `/${subscriptionId}`
  bench.react = (request) => (request.path === path ? { status: 503 } : (before?.(request) ?? { status: 200 }))
  await receiver.waitFor((requests) => requests.filter((each) => each.path === path).length > 20)
  const post = api.subscriptionPost(`${receiver.url}${path}`, { is_enabled: false })
  await api.call('PUT', `/subscriptions/${subscriptionId}`, post).catch(() => {})
}
