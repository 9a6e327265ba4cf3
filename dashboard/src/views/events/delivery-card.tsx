import { Link } from '@tanstack/react-router'
import { Clock } from 'lucide-react'
import { Id } from '#dashboard/shared/copy.tsx'
import { durationText } from '#dashboard/shared/format.ts'
import { Time } from '#dashboard/shared/time.tsx'
import { AttemptState, DeliveryState } from '#dashboard/shared/tones.tsx'
import { AttemptDetail, type RequestTarget } from './attempt-detail.tsx'
import classes from './delivery-card.module.css'
import type { Timeline, TimelineDelivery } from './event-queries.ts'

interface Props {
  applicationId: string
  delivery: TimelineDelivery
  target: RequestTarget | undefined
  event: Timeline['event']
  /** There is one delivery of the event to the subscription: its state stands in the card's head already. */
  isOnly: boolean
}

/** A delivery: how it came about, each attempt, and what comes next. */
export function DeliveryCard({ applicationId, delivery, target, event, isOnly }: Props) {
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
            <details className={classes.attempt}>
              <summary>
                <span className={classes.number}>#{attempt.attempt_number}</span>
                <AttemptState attempt={attempt} />
                <span className={`${classes.error} jh-cut`}>{attempt.error_message}</span>
                {attempt.duration_ms !== null && (
                  <span className={classes.duration}>{durationText(attempt.duration_ms)}</span>
                )}
                <span className={classes.at}>
                  <Time at={attempt.succeeded_at ?? attempt.failed_at ?? attempt.picked_at ?? attempt.created_at} />
                </span>
              </summary>
              <AttemptDetail applicationId={applicationId} attempt={attempt} target={target} event={event} />
            </details>
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
