import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useApplicationId } from '#dashboard/api/workspace.ts'
import { Id } from '#dashboard/shared/copy.tsx'
import { bytesText, countText, wordsOf } from '#dashboard/shared/format.ts'
import { Facts, Page, Section } from '#dashboard/shared/page.tsx'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { JobState } from '#dashboard/shared/tones.tsx'
import { Loaded } from '#dashboard/shared/view-states.tsx'
import { useSubscriptionNames } from '#dashboard/views/choices/subscriptions.ts'
import { JobControls } from './job-controls.tsx'
import classes from './job-detail.module.css'
import { JobProgress } from './job-progress.tsx'
import { isJobKind, type Job, jobQuery } from './job-queries.ts'

const route = getRouteApi('/shell/apps/$applicationId/jobs/$kind/$jobId')

/** A redrive, discard or replay: what it would do, and how far it is. */
export function JobDetail() {
  const applicationId = useApplicationId()
  const { kind, jobId } = route.useParams()
  const known = isJobKind(kind) ? kind : 'redrives'
  const job = useQuery(jobQuery(applicationId, known, jobId))
  const { data } = job
  return (
    <Page
      title={data ? wordsOf(data.kind) : 'Job'}
      above={
        known === 'replays' ? (
          <Link to="/apps/$applicationId/replays" params={{ applicationId }}>
            ← Replays
          </Link>
        ) : (
          <Link to="/apps/$applicationId/jobs" params={{ applicationId }}>
            ← Jobs
          </Link>
        )
      }
      beside={data && <JobState status={data.status} isFilled />}
      actions={data && <JobControls applicationId={applicationId} job={data} />}
    >
      <Loaded query={job}>{(loaded) => <About applicationId={applicationId} job={loaded} />}</Loaded>
    </Page>
  )
}

function About({ applicationId, job }: { applicationId: string; job: Job }) {
  const { preview } = job
  const isBegun = job.confirmed_at !== null
  return (
    <>
      {job.error && <ProblemNotice error={new Error(job.error)} title="It could not go on" />}
      {isBegun ? <JobProgress job={job} /> : preview && <PreviewNote job={job} count={preview.count} />}
      <Facts
        items={[
          ['Job id', <Id key="id" id={job.job_id} label="job id" isWhole />],
          ['Asked for', <Time key="at" at={job.created_at} />],
          ...(job.kind === 'discard'
            ? []
            : [['Rate', `${countText(job.rate_per_second)} a second`] as [string, string]]),
          ...(job.reason ? [['Reason', job.reason] as [string, string]] : []),
          ...(job.ended_at ? [['Ended', <Time key="ended" at={job.ended_at} />] as [string, React.ReactNode]] : []),
          ...(preview?.oldest_at
            ? [['Oldest', <Time key="oldest" at={preview.oldest_at} />] as [string, React.ReactNode]]
            : []),
          ...(preview ? [['Payloads', `about ${bytesText(preview.payload_bytes)}`] as [string, string]] : []),
        ]}
      />
      {preview && preview.subscriptions.length > 0 && <Receivers applicationId={applicationId} job={job} />}
      <Section title="What was chosen">
        <Chosen selection={job.selection} />
      </Section>
    </>
  )
}

function PreviewNote({ job, count }: { job: Job; count: number }) {
  const what = job.kind === 'discard' ? 'would be discarded' : 'deliveries would be made'
  return (
    <div className={classes.preview}>
      <span className={classes.count}>{countText(count)}</span>
      <span>
        {what}. Nothing has happened yet: {count === 0 ? 'there is nothing to do.' : 'confirm it to begin.'}
      </span>
    </div>
  )
}

function Receivers({ applicationId, job }: { applicationId: string; job: Job }) {
  const nameOf = useSubscriptionNames(applicationId)
  const preview = job.preview!
  return (
    <Section title="To">
      <ul className={classes.receivers}>
        {preview.subscriptions.map(({ subscription_id, count }) => (
          <li key={subscription_id}>
            <Link
              className="jh-link"
              to="/apps/$applicationId/subscriptions/$subscriptionId"
              params={{ applicationId, subscriptionId: subscription_id }}
            >
              {nameOf(subscription_id)}
            </Link>
            <span>{countText(count)}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return Array.isArray(value) && value.every((each) => typeof each !== 'object')
    ? value.join(', ')
    : JSON.stringify(value)
}

function Chosen({ selection }: { selection: Record<string, unknown> }) {
  const entries = Object.entries(selection).filter(([, value]) => value !== null && value !== undefined)
  if (entries.length === 0) return <span>Everything of the application.</span>
  return <Facts items={entries.map(([name, value]) => [wordsOf(name), textOf(value)])} />
}
