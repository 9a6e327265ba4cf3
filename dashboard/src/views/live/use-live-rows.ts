import { useEffect, useRef, useState } from 'react'
import { type Schemas, send } from '#dashboard/api/client.ts'
import { type ProblemError, problemOf } from '#dashboard/api/problem.ts'
import { readEventStream } from './event-stream.ts'

export type LiveKind = 'accepted' | 'attempted' | 'dead'
export type LiveRow = Schemas['LiveRow'] & { key: string; kind: LiveKind }

/** Rows that are kept; older ones leave. */
export const ROWS_MAX = 1_000
/** What comes within this time is shown together: at hundreds of rows a second the page draws four times. */
const DRAW_MS = 250
const RECONNECT_MS = 2_000

export interface LiveFilter {
  applicationId: string
  eventType: string | undefined
  subscriptionId: string | undefined
  kinds: string | undefined
}

export interface Live {
  /** The latest first. */
  rows: LiveRow[]
  state: 'connecting' | 'live' | 'broken'
  problem: ProblemError | null
  /** Rows that came while it was paused and are not shown. */
  held: number
  /** Rows that the server left out since this page was too slow. */
  skipped: number
  clear: () => void
}

const NOTHING = { rows: [] as LiveRow[], held: 0, skipped: 0 }

/** What happens now in an application, as it happens. While paused, rows are counted and kept back. */
export function useLiveRows({ applicationId, eventType, subscriptionId, kinds }: LiveFilter, isPaused: boolean): Live {
  const [shown, setShown] = useState(NOTHING)
  const [connection, setConnection] = useState<{ state: Live['state']; problem: ProblemError | null }>(CONNECTING)
  const arrived = useRef<LiveRow[]>([])
  const skipped = useRef(0)

  useEffect(() => {
    const stopper = new AbortController()
    arrived.current = []
    skipped.current = 0
    setShown(NOTHING)
    const query = new URLSearchParams({
      application_id: applicationId,
      ...(eventType ? { event_type: eventType } : {}),
      ...(subscriptionId ? { subscription_id: subscriptionId } : {}),
      ...(kinds ? { kinds } : {}),
    })
    void follow(`/api/v1/live?${query}`, stopper.signal, {
      onState: (state, problem = null) => setConnection({ state, problem }),
      onRow: (row) => arrived.current.push(row),
      onSkipped: (count) => {
        skipped.current += count
      },
    })
    return () => stopper.abort()
  }, [applicationId, eventType, subscriptionId, kinds])

  useEffect(() => {
    const timer = setInterval(() => {
      if (arrived.current.length > ROWS_MAX) arrived.current = arrived.current.slice(-ROWS_MAX)
      const held = arrived.current.length
      if (held === 0) return
      if (isPaused) {
        setShown((before) => (before.held === held ? before : { ...before, held }))
        return
      }
      const fresh = arrived.current.reverse()
      arrived.current = []
      setShown(({ rows }) => ({
        rows: [...fresh, ...rows].slice(0, ROWS_MAX),
        held: 0,
        skipped: skipped.current,
      }))
    }, DRAW_MS)
    return () => clearInterval(timer)
  }, [isPaused])

  const clear = () => {
    arrived.current = []
    setShown(NOTHING)
  }
  return { ...shown, ...connection, clear }
}

const CONNECTING: { state: Live['state']; problem: ProblemError | null } = { state: 'connecting', problem: null }

interface Hears {
  onState: (state: Live['state'], problem?: ProblemError | null) => void
  onRow: (row: LiveRow) => void
  onSkipped: (count: number) => void
}

/** Reads the stream, and again from its end whenever it breaks, until it is told to stop. */
async function follow(address: string, signal: AbortSignal, hears: Hears): Promise<void> {
  let count = 0
  while (!signal.aborted) {
    try {
      const answer = await send(new Request(new URL(address, location.href), { signal }))
      if (!answer.ok || !answer.body) throw problemOf(answer.status, await answer.json().catch(() => undefined))
      hears.onState('live')
      for await (const { name, data } of readEventStream(answer.body)) {
        if (name === 'skipped') hears.onSkipped((JSON.parse(data) as { count: number }).count)
        else if (isKind(name))
          hears.onRow({ ...(JSON.parse(data) as Schemas['LiveRow']), kind: name, key: String(++count) })
      }
      hears.onState('connecting')
    } catch (error) {
      if (signal.aborted) return
      hears.onState('broken', error as ProblemError)
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS))
  }
}

const isKind = (name: string): name is LiveKind => name === 'accepted' || name === 'attempted' || name === 'dead'
