import { createApi } from '../support/api.ts'
import { startReceiver } from '../support/receiver.ts'
import type { LiveOrder } from './live-traffic.ts'

/** See `startLiveTraffic`: says `[]` when it runs, and what it has measured whenever it is asked; ends when nobody listens. */
const { perSecond, ...access }: LiveOrder = JSON.parse(process.env['LIVE_ORDER'] ?? '{}')
const labels = { run: 'live' }
const postedMs = new Map<string, number>()
let taken: number[] = []

const api = createApi(access)
const receiver = await startReceiver(({ headers, atMs }) => {
  const eventId = String(headers['x-event-id'])
  const postMs = postedMs.get(eventId)
  if (postMs !== undefined) taken.push(atMs - postMs)
  postedMs.delete(eventId)
  receiver.requests.length = 0
  return { status: 200 }
})
await api.subscribe(`${receiver.url}/live`, { labels })
const timer = setInterval(() => {
  const event_id = crypto.randomUUID()
  postedMs.set(event_id, Date.now())
  // One that is refused is missed by nobody here.
  api.send({ labels, event_id }).catch(() => {})
}, 1_000 / perSecond)
process.on('message', () => {
  process.send?.(taken)
  taken = []
})
process.on('disconnect', () => {
  clearInterval(timer)
  process.exit(0)
})
process.send?.([])
