import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { compactText, countText, durationText, percentText } from '#dashboard/shared/format.ts'
import type { Tone } from '#dashboard/shared/state.tsx'
import { relativeText, useNowMs } from '#dashboard/shared/time.tsx'
import classes from './numbers.module.css'
import type { OverviewData } from './overview-query.ts'

interface Props {
  applicationId: string
  data: OverviewData
  range: string
}

/** Below this share of successful attempts something is wrong; below the other one, very. */
const GOOD_RATE = 0.99
const BAD_RATE = 0.9
const LATE_MS = 15 * 60_000

/** The figures of the range, each a link to what it counts. */
export function Numbers({ applicationId, data, range }: Props) {
  const { totals, oldest_waiting: oldest } = data
  const nowMs = useNowMs()
  const of = (to: LinkProps['to'], search: Record<string, string> = {}) =>
    ({ to, params: { applicationId }, search }) as Pick<LinkProps, 'to' | 'params' | 'search'>
  const rate = totals.success_rate
  return (
    <ul className={classes.numbers} aria-label="Figures">
      <Figure
        name="Success rate"
        address={of('/apps/$applicationId/attempts', { outcome: 'failed', range })}
        tone={rateTone(rate)}
        note={`${countText(totals.failed)} of ${countText(totals.attempts)} attempts failed`}
      >
        {rate === null ? '–' : percentText(rate)}
      </Figure>
      <Figure
        name="Events"
        address={of('/apps/$applicationId/events', { range })}
        note={`${countText(totals.attempts)} attempts`}
        title={countText(totals.events)}
      >
        {compactText(totals.events)}
      </Figure>
      <Figure
        name="Delivered within"
        address={of('/apps/$applicationId/attempts', { outcome: 'success', range })}
        note={`95 % within ${ms(totals.p95_delivery_ms)}`}
      >
        {ms(totals.p50_delivery_ms)}
      </Figure>
      <Figure
        name="Receivers answer in"
        address={of('/apps/$applicationId/attempts', { range })}
        note={`95 % within ${ms(totals.p95_ms)}`}
      >
        {ms(totals.p50_ms)}
      </Figure>
      <Figure
        name="Oldest waiting"
        address={
          oldest
            ? { to: '/apps/$applicationId/events/$eventId', params: { applicationId, eventId: oldest.event_id } }
            : of('/apps/$applicationId/events', { status: 'pending' })
        }
        tone={oldest && nowMs - Date.parse(oldest.accepted_at) > LATE_MS ? 'wait' : undefined}
        note={
          oldest
            ? oldest.due_at
              ? `next attempt ${relativeText(Date.parse(oldest.due_at), nowMs)}`
              : 'due'
            : 'everything has ended'
        }
      >
        {oldest ? durationText(Math.max(0, nowMs - Date.parse(oldest.accepted_at))) : 'none'}
      </Figure>
      <Figure
        name="Dead letters"
        address={of('/apps/$applicationId/dead-letters', { range })}
        tone={totals.dead_letters > 0 ? 'bad' : undefined}
        note={totals.dead_letters > 0 ? 'given up in this time' : 'nothing was given up'}
        title={countText(totals.dead_letters)}
      >
        {compactText(totals.dead_letters)}
      </Figure>
    </ul>
  )
}

interface FigureProps {
  name: string
  address: Pick<LinkProps, 'to' | 'params' | 'search'>
  note: string
  tone?: Tone | undefined
  title?: string
  children: ReactNode
}

function Figure({ name, address, note, tone, title, children }: FigureProps) {
  return (
    <li>
      <Link {...address} className={classes.figure} data-tone={tone} title={title}>
        <span className={classes.name}>{name}</span>
        <span className={classes.value}>{children}</span>
        <span className={classes.note}>{note}</span>
      </Link>
    </li>
  )
}

function ms(value: number | null): string {
  return value === null ? '–' : durationText(value)
}

function rateTone(rate: number | null): Tone | undefined {
  if (rate === null || rate >= GOOD_RATE) return undefined
  return rate < BAD_RATE ? 'bad' : 'wait'
}
