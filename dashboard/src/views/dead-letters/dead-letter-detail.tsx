import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { RotateCcw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'
import { useApplicationId, useMayEdit } from '#dashboard/api/workspace.ts'
import { Confirm } from '#dashboard/shared/confirm.tsx'
import { Id } from '#dashboard/shared/copy.tsx'
import { type Column, DataTable } from '#dashboard/shared/data-table.tsx'
import { durationText } from '#dashboard/shared/format.ts'
import { Facts, Page, Section } from '#dashboard/shared/page.tsx'
import { Payload } from '#dashboard/shared/payload.tsx'
import { State } from '#dashboard/shared/state.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { AttemptState } from '#dashboard/shared/tones.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { Empty, Loaded } from '#dashboard/shared/view-states.tsx'
import { useSubscriptionNames } from '#dashboard/views/choices/subscriptions.ts'
import { HeaderTable } from '#dashboard/views/events/header-table.tsx'
import { CAUSES, causeLabel } from './dead-letter-filter.ts'

const route = getRouteApi('/shell/apps/$applicationId/dead-letters/$deliveryId')

type Detail = Schemas['DeadLetterDetail']

/** One dead letter: why, with every attempt and the last answer; and what to do with it. */
export function DeadLetterDetail() {
  const applicationId = useApplicationId()
  const { deliveryId } = route.useParams()
  const letter = useQuery({
    queryKey: ['dead-letters', applicationId, 'one', deliveryId],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/v1/dead_letters/{delivery_id}', {
          params: { path: { delivery_id: deliveryId }, query: { application_id: applicationId } },
          signal,
        }),
      ),
  })
  const { data } = letter
  return (
    <Page
      title={data?.event.event_type_name ?? 'Dead letter'}
      above={
        <Link to="/apps/$applicationId/dead-letters" params={{ applicationId }}>
          ← Dead letters
        </Link>
      }
      beside={data && <Resolution letter={data} />}
      actions={data && data.resolution === null && <Actions applicationId={applicationId} deliveryId={deliveryId} />}
    >
      <Loaded query={letter}>{(loaded) => <About applicationId={applicationId} letter={loaded} />}</Loaded>
    </Page>
  )
}

function Resolution({ letter: { resolution, cause, status_code } }: { letter: Detail }) {
  if (resolution === null)
    return (
      <State tone="bad" isFilled>
        {status_code === null ? '' : `${status_code} · `}
        {causeLabel(cause)}
      </State>
    )
  return (
    <State tone={resolution.type === 'redriven' ? 'ok' : 'off'} isFilled>
      {resolution.type === 'redriven' ? 'Redriven' : 'Discarded'}
    </State>
  )
}

const ATTEMPT_COLUMNS: Column<Schemas['RequestAttempt']>[] = [
  { id: 'number', header: 'Attempt', cell: ({ attempt_number }) => `#${attempt_number}`, width: 80 },
  { id: 'outcome', header: 'Outcome', cell: (attempt) => <AttemptState attempt={attempt} />, width: 120 },
  { id: 'error', header: 'Error', cell: ({ error_message }) => error_message, hideBelow: 'sm' },
  {
    id: 'duration',
    header: 'Duration',
    cell: ({ duration_ms }) => (duration_ms === null ? '' : durationText(duration_ms)),
    width: 100,
    align: 'end',
  },
  {
    id: 'at',
    header: 'Time',
    cell: ({ failed_at, succeeded_at, created_at }) => <Time at={failed_at ?? succeeded_at ?? created_at} />,
    width: 150,
    hideBelow: 'sm',
  },
]

function About({ applicationId, letter }: { applicationId: string; letter: Detail }) {
  const nameOf = useSubscriptionNames(applicationId)
  const { last_response: response, resolution } = letter
  return (
    <>
      <Facts
        items={[
          ['Delivery id', <Id key="id" id={letter.delivery_id} label="delivery id" isWhole />],
          [
            'Event',
            <Link
              key="event"
              className="jh-link jh-mono"
              to="/apps/$applicationId/events/$eventId"
              params={{ applicationId, eventId: letter.event.event_id }}
            >
              {letter.event.event_id}
            </Link>,
          ],
          [
            'Subscription',
            <Link
              key="subscription"
              className="jh-link"
              to="/apps/$applicationId/subscriptions/$subscriptionId"
              params={{ applicationId, subscriptionId: letter.subscription.subscription_id }}
            >
              {nameOf(letter.subscription.subscription_id)}
            </Link>,
          ],
          ['Cause', CAUSES[letter.cause]?.means ?? letter.cause],
          ...(letter.error_message ? [['Error', letter.error_message] as [string, string]] : []),
          ['Given up', <Time key="dead" at={letter.dead_at} />],
          ...(letter.expires_at && resolution === null
            ? [['Can be redriven until', <Time key="expires" at={letter.expires_at} />] as [string, React.ReactNode]]
            : []),
          ...(resolution
            ? [
                [
                  resolution.type === 'redriven' ? 'Redriven' : 'Discarded',
                  <span key="at">
                    <Time at={resolution.at} />
                    {resolution.reason && `: ${resolution.reason}`}
                  </span>,
                ] as [string, React.ReactNode],
              ]
            : []),
        ]}
      />
      <Section title="Attempts">
        {letter.attempts.length === 0 ? (
          <Empty title="No attempt was made" />
        ) : (
          <DataTable
            label="Attempts"
            columns={ATTEMPT_COLUMNS}
            rows={letter.attempts}
            keyOf={({ request_attempt_id }) => request_attempt_id}
          />
        )}
      </Section>
      {response && (
        <Section title="Last answer">
          {response.headers && <HeaderTable headers={response.headers} label="Response headers" />}
          {response.body ? (
            <Payload
              text={response.body}
              contentType={response.headers?.['content-type'] ?? 'text'}
              label="response body"
            />
          ) : (
            <span>It had no body.</span>
          )}
        </Section>
      )}
    </>
  )
}

function Actions({ applicationId, deliveryId }: { applicationId: string; deliveryId: string }) {
  const mayEdit = useMayEdit()
  const [isDiscarding, setIsDiscarding] = useState(false)
  const request = { params: { path: { delivery_id: deliveryId } } }
  const redrive = useAction({
    run: () =>
      dataOf(
        api.POST('/api/v1/dead_letters/{delivery_id}/redrive', { ...request, body: { application_id: applicationId } }),
      ),
    done: 'It is sent again',
  })
  const discard = useAction({
    run: () =>
      dataOf(
        api.POST('/api/v1/dead_letters/{delivery_id}/discard', {
          ...request,
          body: { application_id: applicationId, reason: 'Discarded in the dashboard' },
        }),
      ),
    done: 'It is discarded',
    onDone: () => setIsDiscarding(false),
    isErrorShown: true,
  })
  if (!mayEdit) return null
  return (
    <>
      <Button variant="default" leftSection={<Trash2 size={14} />} onClick={() => setIsDiscarding(true)}>
        Discard
      </Button>
      <Button leftSection={<RotateCcw size={14} />} loading={redrive.isPending} onClick={() => redrive.mutate()}>
        Redrive
      </Button>
      <Confirm
        isOpen={isDiscarding}
        title="Discard this dead letter?"
        verb="Discard"
        isHarmful
        isBusy={discard.isPending}
        error={discard.error}
        onConfirm={() => discard.mutate()}
        onClose={() => setIsDiscarding(false)}
      >
        It leaves the list of open ones for good. Nothing is deleted, and nobody gets it.
      </Confirm>
    </>
  )
}
