import { Pool } from 'undici'
import { createTimes } from './quantiles.ts'
import { epochNowMs, STAMP_PLACE, stampOf } from './stamp.ts'

/**
 * A load generator in a process of its own. Without a rate it keeps `connections` requests under way (closed loop). With one,
 * requests are due at fixed times whatever becomes of those before (open loop), and their times count from when they were due:
 * a server that stalls is not flattered by the requests that it kept from being sent.
 */
export interface LoadOrder {
  origin: string
  path: string
  headers: Record<string, string>
  /** With `STAMP_PLACE` where the time goes. */
  body: string
  connections: number
  total: number
  ratePerSecond?: number
  /** Open loop: requests that are due while so many are unanswered are not sent, and counted as `unsent`. */
  unansweredMax?: number
  /** How often this stands in all answers is told as `counted`. */
  countedText?: string
  /** Ends it, though not all are sent. */
  limitMs?: number
}

const TICK_MS = 1
const TIMEOUT_MS = 120_000

if (process.send) {
  process.once('message', (order: LoadOrder) => {
    void run(order)
  })
  process.once('disconnect', () => process.exit())
}

async function run(order: LoadOrder): Promise<void> {
  const { origin, path, headers, body, connections, limitMs = Number.POSITIVE_INFINITY } = order
  const pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS })
  const times = createTimes()
  const statuses: Record<string, number> = {}
  const [before = '', ...after] = body.split(STAMP_PLACE)
  let retryAfterCount = 0
  let counted = 0
  const beganMs = performance.now()

  async function post(dueMs: number): Promise<void> {
    const stamped = after.length === 0 ? body : before + stampOf(dueMs) + after.join(STAMP_PLACE)
    let status = 'failed'
    try {
      const response = await pool.request({ path, method: 'POST', headers, body: stamped })
      if (order.countedText === undefined) await response.body.dump()
      else counted += (await response.body.text()).split(order.countedText).length - 1
      status = String(response.statusCode)
      if (response.headers['retry-after'] !== undefined) retryAfterCount++
    } catch {
      // Counted as failed.
    }
    times.add(epochNowMs() - dueMs)
    statuses[status] = (statuses[status] ?? 0) + 1
  }

  const isOver = () => performance.now() - beganMs >= limitMs
  if (order.ratePerSecond === undefined) await closedLoop(order, post, isOver)
  else await openLoop(order, { ratePerSecond: order.ratePerSecond, post, isOver, statuses })
  const seconds = (performance.now() - beganMs) / 1_000
  await pool.close()
  const { user, system } = process.cpuUsage()
  const quantiles = times.quantiles()
  process.send?.({ statuses, ...quantiles, seconds, retryAfterCount, counted, cpuSeconds: (user + system) / 1e6 })
}

async function closedLoop(
  { connections, total }: LoadOrder,
  post: (dueMs: number) => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  let started = 0
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (started < total && !isOver()) {
        started++
        await post(epochNowMs())
      }
    }),
  )
}

interface OpenLoop {
  ratePerSecond: number
  post(dueMs: number): Promise<void>
  isOver(): boolean
  statuses: Record<string, number>
}

function openLoop({ total, unansweredMax = Number.POSITIVE_INFINITY }: LoadOrder, loop: OpenLoop): Promise<void> {
  const { ratePerSecond, post, isOver, statuses } = loop
  const beganMs = epochNowMs()
  let due = 0
  let unanswered = 0
  return new Promise((resolve) => {
    const tick = () => {
      const nowMs = epochNowMs()
      const dueByNow = Math.min(total, Math.floor(((nowMs - beganMs) / 1_000) * ratePerSecond) + 1)
      for (; due < dueByNow; due++) {
        if (unanswered >= unansweredMax) {
          statuses['unsent'] = (statuses['unsent'] ?? 0) + 1
          continue
        }
        unanswered++
        void post(beganMs + (due / ratePerSecond) * 1_000).finally(() => {
          unanswered--
          if (isDone() && unanswered === 0) resolve()
        })
      }
      if (!isDone()) setTimeout(tick, TICK_MS)
      else if (unanswered === 0) resolve()
    }
    const isDone = () => due >= total || isOver()
    tick()
  })
}
