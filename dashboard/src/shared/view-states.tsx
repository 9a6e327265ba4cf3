import { Button, Skeleton, Stack, Text } from '@mantine/core'
import type { LucideIcon } from 'lucide-react'
import { Inbox } from 'lucide-react'
import type { ReactNode } from 'react'
import { ProblemNotice } from './problem-notice.tsx'
import classes from './view-states.module.css'

/** Grey lines where the rows will be, of the height that rows have: nothing jumps when they come. */
export function LoadingRows({ count = 8 }: { count?: number }) {
  return (
    <Stack gap={0} role="status" aria-label="Loading">
      {Array.from({ length: count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all the same
        <div className={classes.row} key={index}>
          <Skeleton height={10} width={`${[18, 30, 24, 14][index % 4]}%`} />
          <Skeleton height={10} width={`${[38, 28, 34, 44][index % 4]}%`} />
        </div>
      ))}
    </Stack>
  )
}

interface EmptyProps {
  title: string
  children?: ReactNode
  /** What one does about it. */
  action?: ReactNode
  icon?: LucideIcon
}

export function Empty({ title, children, action, icon: Icon = Inbox }: EmptyProps) {
  return (
    <div className={classes.empty}>
      <Icon size={22} strokeWidth={1.5} aria-hidden />
      <Text fw={600}>{title}</Text>
      {children && (
        <Text c="dimmed" size="sm" maw={460}>
          {children}
        </Text>
      )}
      {action && <div className={classes.action}>{action}</div>}
    </div>
  )
}

export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div className={classes.failed}>
      <ProblemNotice error={error} />
      {onRetry && (
        <Button variant="default" onClick={onRetry} mt="sm">
          Try again
        </Button>
      )}
    </div>
  )
}

interface LoadedProps<T> {
  query: { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown }
  loading?: ReactNode
  children: (data: T) => ReactNode
}

/** A query's loading and error state, and what it holds: data that is there stays, whatever becomes of later requests. */
export function Loaded<T>({ query, loading = <LoadingRows />, children }: LoadedProps<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.error) return <Failed error={query.error} onRetry={() => void query.refetch()} />
  return <>{loading}</>
}
