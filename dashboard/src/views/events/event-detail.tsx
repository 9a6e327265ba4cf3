import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useApplicationId } from '#dashboard/api/workspace.ts'
import { Id } from '#dashboard/shared/copy.tsx'
import { Labels } from '#dashboard/shared/labels.tsx'
import { Facts, Page, Section } from '#dashboard/shared/page.tsx'
import { Payload, quoted, textOfBase64 } from '#dashboard/shared/payload.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { EventState } from '#dashboard/shared/tones.tsx'
import { Loaded } from '#dashboard/shared/view-states.tsx'
import { EventActions } from './event-actions.tsx'
import classes from './event-detail.module.css'
import { eventQuery, statusOf, timelineQuery } from './event-queries.ts'
import { EventTimeline } from './event-timeline.tsx'

const route = getRouteApi('/shell/apps/$applicationId/events/$eventId')

/** One event: what it holds, and what became of it for every subscription. */
export function EventDetail() {
  const applicationId = useApplicationId()
  const { eventId } = route.useParams()
  const { attempt } = route.useSearch()
  const event = useQuery(eventQuery(applicationId, eventId))
  const timeline = useQuery(timelineQuery(applicationId, eventId))
  const about = timeline.data?.event ?? event.data
  return (
    <Page
      title={about?.event_type_name ?? 'Event'}
      above={
        <Link to="/apps/$applicationId/events" params={{ applicationId }}>
          ← Events
        </Link>
      }
      beside={timeline.data && <EventState status={statusOf(timeline.data)} isFilled />}
      actions={timeline.data && <EventActions applicationId={applicationId} timeline={timeline.data} />}
    >
      {about && (
        <Facts
          items={[
            ['Event id', <Id key="id" id={about.event_id} label="event id" isWhole />],
            ['Received', <Time key="received" at={about.received_at} />],
            ['Occurred', <Time key="occurred" at={about.occurred_at} />],
            ...(about.deliver_at
              ? [['Deliver at', <Time key="at" at={about.deliver_at} />] as [string, React.ReactNode]]
              : []),
            ['Sent from', about.ip],
            ['Labels', <Labels key="labels" labels={about.labels} />],
            ...(Object.keys(about.metadata).length > 0
              ? [['Metadata', <Labels key="metadata" labels={about.metadata} />] as [string, React.ReactNode]]
              : []),
          ]}
        />
      )}
      <div className={classes.columns}>
        <Section title="Deliveries">
          <Loaded query={timeline}>
            {(loaded) => <EventTimeline applicationId={applicationId} timeline={loaded} askedAttempt={attempt} />}
          </Loaded>
        </Section>
        <Section title="Payload">
          <Loaded query={event}>
            {(loaded) => {
              const text = textOfBase64(loaded.payload)
              return (
                <Payload
                  text={text}
                  contentType={loaded.payload_content_type}
                  curl={curlOf(applicationId, loaded, text)}
                />
              )
            }}
          </Loaded>
        </Section>
      </div>
    </Page>
  )
}

interface Posted {
  event_type_name: string
  payload_content_type: string
  labels: Record<string, string>
}

/** A command that posts the same event anew, with a token from the environment: none is ever in a command. */
function curlOf(applicationId: string, event: Posted, payload: string): string {
  const body = {
    application_id: applicationId,
    event_type: event.event_type_name,
    payload,
    payload_content_type: event.payload_content_type,
    labels: event.labels,
    occurred_at: new Date().toISOString(),
  }
  return [
    `curl -X POST ${location.origin}/api/v1/event \\`,
    `  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\`,
    `  -d ${quoted(JSON.stringify(body))}`,
  ].join('\n')
}
