import { useQueryClient } from '@tanstack/react-query'
import { CloudOff, DatabaseZap, Hourglass } from 'lucide-react'
import { useEffect } from 'react'
import { type Connection, connection } from '#dashboard/api/connection.ts'
import { useStore } from '#dashboard/api/store.ts'
import { Time } from '#dashboard/shared/time.tsx'
import classes from './connection-banner.module.css'

const TRY_AGAIN_MS = 3_000

const WORDS = {
  behind: {
    icon: Hourglass,
    title: 'The lists are catching up',
    text: 'Newer facts are stored and will show by themselves.',
  },
  'no-read-model': {
    icon: DatabaseZap,
    title: 'The read model (Postgres) does not answer',
    text: 'Events are still accepted, delivered and retried. What is shown may be old; it is tried again by itself.',
  },
  unreachable: { icon: CloudOff, title: 'jethook cannot be reached', text: 'Trying to connect again …' },
} as const satisfies Record<Exclude<Connection['state'], 'current'>, unknown>

/** Says what is stale and since when, and asks again until it is not. */
export function ConnectionBanner() {
  const now = useStore(connection)
  const queryClient = useQueryClient()
  const isCurrent = now.state === 'current'
  useEffect(() => {
    if (isCurrent) return
    const timer = setInterval(() => void queryClient.invalidateQueries({}, { cancelRefetch: false }), TRY_AGAIN_MS)
    return () => clearInterval(timer)
  }, [isCurrent, queryClient])
  if (now.state === 'current') return null
  const { icon: Icon, title, text } = WORDS[now.state]
  return (
    <div className={classes.banner} role="status" data-state={now.state}>
      <Icon size={16} aria-hidden />
      <span>
        <strong>{title}</strong>: data as of <Time at={now.sinceMs} />. {text}
      </span>
    </div>
  )
}
