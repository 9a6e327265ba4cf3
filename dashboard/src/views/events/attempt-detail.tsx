import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Id } from '#dashboard/shared/copy.tsx'
import { Facts } from '#dashboard/shared/page.tsx'
import { Payload } from '#dashboard/shared/payload.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { Loaded } from '#dashboard/shared/view-states.tsx'
import classes from './attempt-detail.module.css'
import { type Attempt, requestQuery, responseQuery } from './event-queries.ts'
import { HeaderTable } from './header-table.tsx'

interface Props {
  applicationId: string
  attempt: Attempt
}

/** One HTTP request and what was answered; the answer is read when somebody looks. */
export function AttemptDetail({ applicationId, attempt }: Props) {
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
          <h3>Request</h3>
          <Sent applicationId={applicationId} attemptId={attempt.request_attempt_id} />
        </section>
        <section aria-label="Response">
          <h3>Response</h3>
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

function Sent({ applicationId, attemptId }: { applicationId: string; attemptId: string }) {
  const request = useQuery(requestQuery(applicationId, attemptId))
  return (
    <Loaded query={request} loading={<Skeleton height={80} />}>
      {({ method, url, headers, is_as_sent }) => (
        <>
          <div className={`${classes.line} jh-mono`}>
            {method} {url}
          </div>
          <HeaderTable headers={headers} label="Request headers" />
          <p className={classes.note}>
            The body is the event’s payload. The signature was made for this attempt alone and is not kept.
            {!is_as_sent && ' The subscription was changed since: address and headers are those of now.'}
          </p>
        </>
      )}
    </Loaded>
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
