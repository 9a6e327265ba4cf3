import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Id } from '#dashboard/shared/copy.tsx'
import { Facts } from '#dashboard/shared/page.tsx'
import { Payload } from '#dashboard/shared/payload.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { Loaded } from '#dashboard/shared/view-states.tsx'
import classes from './attempt-detail.module.css'
import { type Attempt, responseQuery, type Timeline } from './event-queries.ts'
import { HeaderTable } from './header-table.tsx'

export interface RequestTarget {
  method: string
  url: string
  headers: Record<string, string>
}

interface Props {
  applicationId: string
  attempt: Attempt
  target: RequestTarget | undefined
  event: Timeline['event']
}

/** One HTTP request and what was answered; the answer is read when somebody looks. */
export function AttemptDetail({ applicationId, attempt, target, event }: Props) {
  return (
    <div className={classes.detail}>
      <Facts
        items={[
          ['Attempt id', <Id key="id" id={attempt.request_attempt_id} label="attempt id" />],
          ['Outcome', attempt.outcome ?? attempt.status.type],
          ...(attempt.error_message ? [['Error', attempt.error_message] as [string, string]] : []),
          ...(attempt.picked_at
            ? [['Sent', <Time key="sent" at={attempt.picked_at} />] as [string, React.ReactNode]]
            : []),
        ]}
      />
      <div className={classes.sides}>
        <section aria-label="Request">
          <h4>Request</h4>
          {target ? (
            <>
              <div className={`${classes.line} jh-mono`}>
                {target.method} {target.url}
              </div>
              <HeaderTable headers={headersOf(target, event, attempt)} label="Request headers" />
              <p className={classes.note}>
                The address and own headers are those of the subscription now. The body is the event’s payload; the
                signature was made for this attempt and is not kept.
              </p>
            </>
          ) : (
            <p className={classes.note}>The subscription is gone, and its address with it.</p>
          )}
        </section>
        <section aria-label="Response">
          <h4>Response</h4>
          {attempt.response_id === null ? (
            <p className={classes.note}>There was no answer.</p>
          ) : (
            <Response applicationId={applicationId} responseId={attempt.response_id} />
          )}
        </section>
      </div>
    </div>
  )
}

function Response({ applicationId, responseId }: { applicationId: string; responseId: string }) {
  const response = useQuery(responseQuery(applicationId, responseId))
  return (
    <Loaded query={response} loading={<Skeleton height={80} />}>
      {({ http_code, headers, body, response_error_name, is_body_cut }) => (
        <>
          <div className={`${classes.line} jh-mono`}>{http_code ?? response_error_name ?? 'no answer'}</div>
          {headers && <HeaderTable headers={headers} label="Response headers" />}
          {body !== null && body !== '' && (
            <Payload text={body} contentType={headers?.['content-type'] ?? 'text'} label="response body" />
          )}
          {is_body_cut && <p className={classes.note}>Only the first part of the body was kept.</p>}
        </>
      )}
    </Loaded>
  )
}

function headersOf(target: RequestTarget, event: Timeline['event'], attempt: Attempt): Record<string, string> {
  return {
    'content-type': event.payload_content_type,
    'x-event-id': event.event_id,
    'x-event-type': event.event_type_name,
    ...(attempt.replay_id ? { 'x-jethook-replay': attempt.replay_id } : {}),
    ...target.headers,
  }
}
