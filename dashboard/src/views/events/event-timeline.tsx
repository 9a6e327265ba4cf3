import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { plural, wordsOf } from '#dashboard/shared/format.ts'
import { DeliveryState, EventState } from '#dashboard/shared/tones.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'
import { nameOfSubscription, subscriptionsQuery } from '#dashboard/views/choices/subscriptions.ts'
import { DeliveryCard } from './delivery-card.tsx'
import type { Timeline, TimelineSubscription } from './event-queries.ts'
import classes from './event-timeline.module.css'

interface Props {
  applicationId: string
  timeline: Timeline
  askedAttempt: string | undefined
}

/** For every subscription: its deliveries with their attempts, or why there is none. */
export function EventTimeline({ applicationId, timeline, askedAttempt }: Props) {
  const { data: subscriptions = [] } = useQuery(subscriptionsQuery(applicationId))
  const known = new Map(subscriptions.map((each) => [each.subscription_id, each]))
  const nameOf = ({ subscription_id, description }: TimelineSubscription) => {
    const subscription = known.get(subscription_id)
    return subscription ? nameOfSubscription(subscription) : (description ?? 'Deleted subscription')
  }
  const matched = timeline.subscriptions.filter(({ is_matched }) => is_matched)
  const others = timeline.subscriptions.filter(({ is_matched }) => !is_matched)
  return (
    <div className={classes.timeline}>
      {matched.map((each) => (
        <article key={each.subscription_id} className={classes.subscription} aria-label={nameOf(each)}>
          <header className={classes.head}>
            <Link
              to="/apps/$applicationId/subscriptions/$subscriptionId"
              params={{ applicationId, subscriptionId: each.subscription_id }}
              className={classes.name}
            >
              {nameOf(each)}
            </Link>
            <span className={`${classes.url} jh-cut jh-mono`}>{known.get(each.subscription_id)?.target.url}</span>
            <DeliveryState status={each.deliveries.at(-1)?.status ?? 'pending'} isFilled />
          </header>
          {each.deliveries.map((delivery) => (
            <DeliveryCard
              key={delivery.delivery_id}
              applicationId={applicationId}
              delivery={delivery}
              isOnly={each.deliveries.length === 1}
              askedAttempt={askedAttempt}
            />
          ))}
        </article>
      ))}
      {matched.length === 0 && (
        <Empty title="Nobody got this event">
          <EventState status={timeline.status} />
        </Empty>
      )}
      {others.length > 0 && (
        <section className={classes.others} aria-label="Why not delivered">
          <Text size="sm" fw={600}>
            Not delivered to {plural(others.length, 'subscription')}
          </Text>
          <ul className={classes.reasons}>
            {others.map((each) => (
              <li key={each.subscription_id}>
                <Link
                  to="/apps/$applicationId/subscriptions/$subscriptionId"
                  params={{ applicationId, subscriptionId: each.subscription_id }}
                  className={classes.name}
                >
                  {nameOf(each)}
                </Link>
                <span className={classes.reason}>
                  <span className={classes.code}>{wordsOf(each.why_not?.code ?? 'unknown')}</span>
                  {each.why_not?.detail}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}
