import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Id } from '#dashboard/shared/copy.tsx'
import { countText, durationText, percentText } from '#dashboard/shared/format.ts'
import { Labels } from '#dashboard/shared/labels.tsx'
import { LinkButton } from '#dashboard/shared/link-button.tsx'
import { Facts, Section } from '#dashboard/shared/page.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { StatusNotices } from './status-notices.tsx'
import { healthQuery, type Subscription, statusQuery } from './subscription-queries.ts'
import { HealthSpark } from './subscription-state.tsx'

interface Props {
  applicationId: string
  subscription: Subscription
}

/** How its deliveries fare, and what it asks for. */
export function HealthTab({ applicationId, subscription }: Props) {
  const { subscription_id } = subscription
  const { data: all } = useQuery(healthQuery(applicationId, subscription_id))
  const { data: status } = useQuery(statusQuery(applicationId, subscription_id))
  const health = all?.[0]
  return (
    <Stack gap="xl">
      {status && <StatusNotices applicationId={applicationId} subscription={subscription} status={status} />}
      <Section
        title="Last 24 hours"
        actions={
          <LinkButton
            variant="default"
            to="/apps/$applicationId/attempts"
            params={{ applicationId }}
            search={{ subscription: subscription_id }}
          >
            All attempts
          </LinkButton>
        }
      >
        <HealthSpark health={health} width={560} height={56} />
        <Facts
          items={[
            ['Errors', health?.error_rate == null ? 'no attempts' : percentText(health.error_rate)],
            ['95 % answered within', health?.p95_ms == null ? '–' : durationText(health.p95_ms)],
            ['Waiting', health ? countText(health.waiting) : '–'],
            ['Due, held back', status ? countText(status.backlog.parked) : '–'],
            ['Retries scheduled', status ? countText(status.backlog.scheduled) : '–'],
            [
              'Last success',
              health?.last_success_at ? <Time key="ok" at={health.last_success_at} isRelative /> : 'none',
            ],
            [
              'Last failure',
              health?.last_failure_at ? <Time key="bad" at={health.last_failure_at} isRelative /> : 'none',
            ],
            [
              'Dead letters',
              <Link
                key="dead"
                className="jh-link"
                to="/apps/$applicationId/dead-letters"
                params={{ applicationId }}
                search={{ subscription: subscription_id }}
              >
                Show
              </Link>,
            ],
          ]}
        />
      </Section>
      <Section title="What it asks for">
        <Facts items={wishesOf(subscription)} />
      </Section>
    </Stack>
  )
}

function wishesOf(subscription: Subscription): [string, React.ReactNode][] {
  const { rate_limit, max_concurrency, ordering, retry_policy, max_retries, filter, signatures, handshake } =
    subscription
  return [
    ['Subscription id', <Id key="id" id={subscription.subscription_id} label="subscription id" isWhole />],
    ['Event types', subscription.event_types.join(', ')],
    ['Labels', <Labels key="labels" labels={subscription.labels} />],
    ['Filter', filter ? <code key="filter">{JSON.stringify(filter)}</code> : 'none'],
    ['Headers', <Labels key="headers" labels={subscription.target.headers} />],
    ['Signatures', signatures?.join(', ') ?? 'as the server does'],
    [
      'Retries',
      retry_policy ? (
        <code key="retries">{JSON.stringify(retry_policy)}</code>
      ) : max_retries === null ? (
        'as the server has it'
      ) : (
        `${max_retries}`
      ),
    ],
    [
      'Pace',
      [
        rate_limit ? `${rate_limit.requests} a ${rate_limit.per}` : null,
        max_concurrency ? `${max_concurrency} at once` : null,
      ]
        .filter(Boolean)
        .join(', ') || 'no limit of its own',
    ],
    ['Order', ordering ? `by ${ordering.label ?? ordering.field ?? ordering.by}` : 'any'],
    ...(handshake ? [['Consent', 'asked for first'] as [string, string]] : []),
    ...(Object.keys(subscription.metadata).length > 0
      ? [['Metadata', <Labels key="metadata" labels={subscription.metadata} />] as [string, React.ReactNode]]
      : []),
    ['Made', <Time key="made" at={subscription.created_at} />],
    ['Changed', <Time key="changed" at={subscription.updated_at} />],
  ]
}
