import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { FlaskConical } from 'lucide-react'
import { api, dataOf } from '#dashboard/api/client.ts'
import { plural } from '#dashboard/shared/format.ts'
import { parseJson } from '#dashboard/shared/payload.tsx'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { State } from '#dashboard/shared/state.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import classes from './filter-trial.module.css'

const NEWEST = 20

interface Props {
  applicationId: string
  /** JSON, as it is typed. */
  filter: string
  eventTypes: string[]
}

/** Which of the newest events a filter would let through, and why not the others. Nothing is sent. */
export function FilterTrial({ applicationId, filter, eventTypes }: Props) {
  const trial = useMutation({
    mutationFn: () => {
      const body = {
        application_id: applicationId,
        filter: (filter.trim() === '' ? {} : parseJson(filter)) as Record<string, never>,
        last: NEWEST,
        ...(eventTypes.length > 0 ? { event_types: eventTypes } : {}),
      }
      return dataOf(api.POST('/api/v1/filters/try', { body }))
    },
  })
  const isReadable = filter.trim() === '' || parseJson(filter) !== undefined
  return (
    <div className={classes.trial}>
      <Button
        variant="default"
        w="fit-content"
        leftSection={<FlaskConical size={14} />}
        disabled={!isReadable}
        loading={trial.isPending}
        onClick={() => trial.mutate()}
      >
        Try on the newest events
      </Button>
      <ProblemNotice error={trial.error} />
      {trial.data && (
        <>
          <div className={classes.sum} role="status">
            {trial.data.filter(({ matches }) => matches).length} of {plural(trial.data.length, 'event')} would be
            delivered
          </div>
          <ul className={classes.events}>
            {trial.data.map(({ event_id, event_type_name, received_at, matches, reason }) => (
              <li key={event_id}>
                <State tone={matches ? 'ok' : 'off'}>{matches ? 'Matches' : 'Does not'}</State>
                <Link
                  className="jh-link"
                  to="/apps/$applicationId/events/$eventId"
                  params={{ applicationId, eventId: event_id }}
                  target="_blank"
                >
                  {event_type_name}
                </Link>
                <span className={`${classes.reason} jh-cut`} title={reason ?? undefined}>
                  {reason}
                </span>
                <Time at={received_at} isRelative />
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}
