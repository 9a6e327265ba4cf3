import { Agent, request as httpRequest } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Credentials } from '#scripts/start/credentials.ts'
import { newEventId } from '#shared/domain/ids.ts'

/** Posts events without end, as a careful client does: the same id again until there is an answer. */
export interface Poster {
  start(): void
  /** One event of its own, with `more` in its post. @returns its id, once it is accepted. */
  postOne(more?: Record<string, unknown>): Promise<string>
  /** So many at once, ≤ 1,000; resolves once they are accepted. */
  postBatch(count: number, more?: Record<string, unknown>): Promise<void>
  /** Resolves once it has ended by itself. @returns the ids that were accepted, in the order of the answers. */
  finish(): Promise<string[]>
  /** As `finish`, after what is under way. */
  stop(): Promise<string[]>
  /** Ends at once; what has not been answered is left. */
  abandon(): Promise<void>
  readonly acceptedCount: number
  /** The longest time, while it posted, between two answers that said 201. */
  readonly longestPauseMs: number
  /** Answers that asked to try again. */
  readonly refused: number
}

export interface PosterOptions {
  /** Of one or several gateways: each connection has its own, and goes to the next one when there is no answer. */
  ports: readonly number[]
  credentials: Credentials
  connections: number
  /** Between two events of one connection: faults are to be met by a steady load, not by a flood. */
  pauseMs?: number
  /** It ends by itself after so many. */
  eventsMax?: number
}

const GIVE_UP_MS = 60_000
const REQUEST_TIMEOUT_MS = 15_000
const RETRY_WAIT_MS = 50
const PAUSE_MS = 20

export function createPoster(options: PosterOptions): Poster {
  const { ports, credentials, connections, pauseMs = PAUSE_MS, eventsMax = Number.POSITIVE_INFINITY } = options
  const agent = new Agent({ keepAlive: true, maxSockets: connections + 1 })
  const accepted: string[] = []
  let isStopping = false
  /** Nobody waits for answers any more. */
  let isAbandoned = false
  let begun = 0
  let running: Promise<unknown> = Promise.resolve()
  let lastAcceptedMs = performance.now()
  let longestPauseMs = 0
  let refused = 0

  async function postOne(more: Record<string, unknown> = {}, connection = 0): Promise<string> {
    const eventId = newEventId(Date.now())
    const body = JSON.stringify({ ...postOf(eventId, credentials), ...more })
    const endMs = Date.now() + GIVE_UP_MS
    let turn = connection
    for (let isRepetition = false; ; isRepetition = true) {
      const status = await post('event', body, ports[turn % ports.length]!)
      if (status === null) turn++
      // A conflict on a repetition means that an earlier try was accepted.
      if (status === 201 || (status === 409 && isRepetition)) {
        noteAccepted(eventId)
        return eventId
      }
      if (status !== null) refused++
      if (status !== null && status < 500 && status !== 429) throw new Error(`an event was answered with ${status}`)
      if (isAbandoned) throw new Error('posting was given up')
      if (Date.now() > endMs) throw new Error('an event was not accepted for a minute')
      await delay(RETRY_WAIT_MS)
    }
  }

  async function postOnAndOn(connection: number): Promise<void> {
    while (!isStopping && begun++ < eventsMax) {
      await postOne({}, connection)
      if (pauseMs > 0) await delay(pauseMs)
    }
  }

  /** One that gives up ends all: what they would still post belongs to nothing. */
  async function run(): Promise<void> {
    const loops = Array.from({ length: connections }, (_, connection) =>
      postOnAndOn(connection).catch((error: unknown) => {
        isStopping = true
        isAbandoned = true
        throw error
      }),
    )
    const failed = (await Promise.allSettled(loops)).find(({ status }) => status === 'rejected')
    if (failed) throw (failed as PromiseRejectedResult).reason
  }

  function noteAccepted(eventId: string): void {
    accepted.push(eventId)
    longestPauseMs = Math.max(longestPauseMs, Math.round(performance.now() - lastAcceptedMs))
    lastAcceptedMs = performance.now()
  }

  async function postBatch(count: number, more: Record<string, unknown> = {}): Promise<void> {
    const { application_id } = credentials
    const ids = Array.from({ length: count }, () => newEventId(Date.now()))
    const events = ids.map((id) => {
      const { application_id: _, ...event } = postOf(id, credentials)
      return { ...event, ...more }
    })
    const status = await post('events/batch', JSON.stringify({ application_id, events }), ports[0]!)
    if (status !== 200) throw new Error(`a batch was answered with ${status}`)
    accepted.push(...ids)
  }

  /** @returns the status, or null without an answer. */
  function post(path: string, body: string, port: number): Promise<number | null> {
    return new Promise((resolve) => {
      const headers = {
        authorization: `Bearer ${credentials.service_token}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      }
      const outgoing = httpRequest(
        {
          agent,
          host: '127.0.0.1',
          port,
          path: `/api/v1/${path}`,
          method: 'POST',
          timeout: REQUEST_TIMEOUT_MS,
          headers,
        },
        (response) => {
          response.resume()
          response.once('end', () => resolve(response.statusCode ?? null))
          response.once('error', () => resolve(null))
        },
      )
      outgoing.once('timeout', () => outgoing.destroy())
      outgoing.once('error', () => resolve(null))
      outgoing.end(body)
    })
  }

  return {
    postOne: (more) => postOne(more),
    get longestPauseMs() {
      return longestPauseMs
    },
    get refused() {
      return refused
    },
    postBatch,
    start() {
      lastAcceptedMs = performance.now()
      running = run()
      running.catch(() => {})
    },
    stop() {
      isStopping = true
      return this.finish()
    },
    async finish() {
      try {
        await running
      } finally {
        agent.destroy()
      }
      return accepted
    },
    async abandon() {
      isStopping = true
      isAbandoned = true
      agent.destroy()
      await running.catch(() => {})
    },
    get acceptedCount() {
      return accepted.length
    },
  }
}

function postOf(eventId: string, { application_id }: Credentials): Record<string, unknown> {
  return {
    application_id,
    event_id: eventId,
    event_type: 'a.b.c',
    payload: JSON.stringify({ id: eventId, filler: 'x'.repeat(500) }),
    payload_content_type: 'application/json',
    occurred_at: new Date().toISOString(),
    labels: { all: 'yes' },
  }
}
