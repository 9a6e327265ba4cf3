import { Link } from '@tanstack/react-router'
import { Clock } from 'lucide-react'
import { Id } from '#dashboard/shared/copy.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { DeliveryState } from '#dashboard/shared/tones.tsx'
import { AttemptRow } from './attempt-row.tsx'
import classes from './delivery-card.module.css'
import type { TimelineDelivery } from './event-queries.ts'

interface Props {
  applicationId: string
  delivery: TimelineDelivery
  /** There is one delivery of the event to the subscription: its state stands in the card's head already. */
  isOnly: boolean
  /** The attempt that the address names: its details are open. */
  askedAttempt: string | undefined
}

/** A delivery: how it came about, each attempt, and what comes next. */
export function DeliveryCard({ applicationId, delivery, isOnly, askedAttempt }: Props) {
  const made = delivery.attempts.filter(({ outcome, picked_at }) => outcome !== null || picked_at !== null)
  return (
    <div className={classes.delivery} id={delivery.delivery_id}>
      <div className={classes.about}>
        <span>
          <Origin applicationId={applicationId} delivery={delivery} /> <Time at={delivery.created_at} />
        </span>
        <Id id={delivery.delivery_id} label="delivery id" />
        {!isOnly && <DeliveryState status={delivery.status} />}
        {delivery.status === 'dead_lettered' && (
          <Link
            className="jh-link"
            to="/apps/$applicationId/dead-letters/$deliveryId"
            params={{ applicationId, deliveryId: delivery.delivery_id }}
          >
            Dead letter
          </Link>
        )}
      </div>
      <ol className={classes.attempts}>
        {made.map((attempt) => (
          <li key={attempt.request_attempt_id}>
            <AttemptRow
              applicationId={applicationId}
              attempt={attempt}
              isAskedFor={attempt.request_attempt_id === askedAttempt}
            />
          </li>
        ))}
        {delivery.status === 'pending' && (
          <li className={classes.next}>
            <Clock size={14} aria-hidden />
            {delivery.next_attempt_at ? (
              <span>
                Next attempt <Time at={delivery.next_attempt_at} isRelative /> (<Time at={delivery.next_attempt_at} />)
              </span>
            ) : (
              <span>The next attempt is due, and waits for its turn.</span>
            )}
          </li>
        )}
      </ol>
    </div>
  )
}

function Origin({ applicationId, delivery }: { applicationId: string; delivery: TimelineDelivery }) {
  const { redrive_of, replay_id, job_id } = delivery
  const kind = redrive_of !== null ? 'redrives' : 'replays'
  const word = redrive_of !== null ? 'Redriven' : replay_id !== null ? 'Replayed' : 'Matched'
  if (job_id === null || word === 'Matched') return <>{word}</>
  return (
    <Link
      className="jh-link"
      to="/apps/$applicationId/jobs/$kind/$jobId"
      params={{ applicationId, kind, jobId: job_id }}
    >
      {word}
    </Link>
  )
}
