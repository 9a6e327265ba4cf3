import { useEffect, useState } from 'react'
import { durationText } from './format.ts'

const sameYear = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const withYear = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const RECENT_MS = 300 * 86_400_000
const TICK_MS = 10_000

interface TimeProps {
  /** RFC 3339, or ms since 1970. */
  at: string | number
  /** "3 min ago" and "in 2 h" instead of date and time. */
  isRelative?: boolean
}

/** A time in the reader's own zone; on hover in UTC as well. */
export function Time({ at, isRelative = false }: TimeProps) {
  const ms = typeof at === 'number' ? at : Date.parse(at)
  const utc = `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')} UTC`
  const title = isRelative ? `${localText(ms)}\n${utc}` : utc
  return (
    <time dateTime={new Date(ms).toISOString()} title={title} style={{ whiteSpace: 'nowrap' }}>
      {isRelative ? <Relative ms={ms} /> : localText(ms)}
    </time>
  )
}

function Relative({ ms }: { ms: number }) {
  const nowMs = useNowMs()
  return <>{relativeText(ms, nowMs)}</>
}

export function localText(ms: number): string {
  return (Math.abs(Date.now() - ms) < RECENT_MS ? sameYear : withYear).format(ms)
}

export function relativeText(ms: number, nowMs: number): string {
  const apart = Math.abs(nowMs - ms)
  if (apart < 2_000) return 'now'
  const text =
    apart < 60_000
      ? `${Math.round(apart / 1_000)} s`
      : apart < 90 * 60_000
        ? `${Math.round(apart / 60_000)} min`
        : durationText(apart)
  return ms > nowMs ? `in ${text}` : `${text} ago`
}

/** The time now, told anew every few seconds. */
export function useNowMs(everyMs = TICK_MS): number {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return nowMs
}
