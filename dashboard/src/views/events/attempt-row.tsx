import { useState } from 'react'
import { durationText } from '#dashboard/shared/format.ts'
import { Time } from '#dashboard/shared/time.tsx'
import { AttemptState } from '#dashboard/shared/tones.tsx'
import { AttemptDetail } from './attempt-detail.tsx'
import classes from './attempt-row.module.css'
import type { Attempt } from './event-queries.ts'

interface Props {
  applicationId: string
  attempt: Attempt
  isAskedFor: boolean
}

/** An attempt in a line; what was sent and answered is read when it is unfolded. */
export function AttemptRow({ applicationId, attempt, isAskedFor }: Props) {
  const [isOpen, setIsOpen] = useState(isAskedFor)
  const { succeeded_at, failed_at, picked_at, created_at } = attempt
  return (
    <details className={classes.attempt} open={isOpen} onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary>
        <span className={classes.number}>#{attempt.attempt_number}</span>
        <AttemptState attempt={attempt} />
        <span className={`${classes.error} jh-cut`}>{attempt.error_message}</span>
        {attempt.duration_ms !== null && <span className={classes.duration}>{durationText(attempt.duration_ms)}</span>}
        <span className={classes.at}>
          <Time at={succeeded_at ?? failed_at ?? picked_at ?? created_at} />
        </span>
      </summary>
      {isOpen && <AttemptDetail applicationId={applicationId} attempt={attempt} />}
    </details>
  )
}
