import type { JobAnswer } from '#shared/contract/job-schemas.ts'
import { CliError, EXIT } from './exit-codes.ts'
import type { Output } from './output.ts'
import { pollUntil } from './poll.ts'
import type { Session } from './session.ts'
import { isInteractive } from './terminal.ts'

/** Redrives, discards and replays: looked at first, then confirmed, then followed to their end. */

const PREVIEW_TIMEOUT_MS = 60_000
const DAY_MS = 86_400_000
const ENDED = new Set<JobAnswer['status']>(['cancelled', 'done', 'failed'])

export interface JobWishes {
  path: 'redrives' | 'discards' | 'replays'
  body: Record<string, unknown>
  /** What it does, in a question: "Send 3 deliveries again?". */
  question: (count: number) => string
  options: JobOptions
}

export interface JobOptions {
  dryRun?: true
  yes?: true
  wait: boolean
}

/** Makes a job, shows what it would do, asks, and follows it. What isn't confirmed is cancelled. */
export async function runJob(session: Session, { path, body, question, options }: JobWishes): Promise<void> {
  const { api, output, terminal } = session
  const application_id = session.applicationId()
  const made = await api.call<JobAnswer>('POST', `/${path}`, { body: { application_id, ...body } })
  const control = (action: string) =>
    api.call<JobAnswer>('POST', `/${path}/${made.job_id}/${action}`, { body: { application_id } })
  const ask = () => api.call<JobAnswer>('GET', `/${path}/${made.job_id}`, { query: { application_id } })
  const previewed = await pollUntil(ask, {
    isEnough: ({ status }) => status !== 'previewing',
    timeoutMs: PREVIEW_TIMEOUT_MS,
    signal: terminal.stopping,
  })
  if (previewed?.status === 'failed') throw new CliError(`The preview failed: ${previewed.error}`, EXIT.negative)
  if (previewed === null)
    throw new CliError(`The preview takes too long; it goes on as job ${made.job_id}.`, EXIT.timeOut)
  const count = previewed.preview?.count ?? 0
  if (options.dryRun || count === 0) {
    await control('cancel')
    if (options.dryRun) showPreview(output, previewed)
    else output.item({ ...previewed, status: 'cancelled' }, { Result: () => 'Nothing is in the selection.' })
    return
  }
  if (!options.yes) {
    showPreview(output, previewed)
    if (!(await isConfirmed(session, question(count)))) {
      await control('cancel')
      throw new CliError('Nothing was done.', EXIT.negative)
    }
  }
  const confirmed = await control('confirm')
  if (!options.wait) return showJob(output, confirmed)
  const ended = await pollUntil(ask, { isEnough: hasEnded, timeoutMs: DAY_MS, signal: terminal.stopping })
  showJob(output, ended!)
  if (ended?.status !== 'done' || (ended.progress.failed_again ?? 0) > 0 || ended.progress.refused.length > 0)
    throw new CliError('Not all of it succeeded.', EXIT.negative)
}

/** What was handed over has its answer, too. */
function hasEnded({ status, progress }: JobAnswer): boolean {
  return ENDED.has(status) && (progress.under_way ?? 0) === 0
}

/** @throws {CliError} where nobody can be asked. */
async function isConfirmed({ terminal }: Session, message: string): Promise<boolean> {
  if (!isInteractive(terminal))
    throw new CliError(`${message} Give --yes to do it, or --dry-run to look only.`, EXIT.usage)
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({ message, initialValue: false, output: terminal.stderr })
  return !isCancel(answer) && answer
}

function showPreview(output: Output, job: JobAnswer): void {
  const { preview } = job
  output.item(job, {
    Preview: () => `${preview?.count} deliveries to ${preview?.subscription_count} subscriptions`,
    Events: () => preview?.events,
    Oldest: () => preview?.oldest_at,
    'Payload bytes': () => preview?.payload_bytes,
    Subscriptions: () => preview?.subscriptions.map((each) => `${each.subscription_id}: ${each.count}`).join('\n'),
    Rate: () => `${job.rate_per_second}/s`,
  })
}

function showJob(output: Output, job: JobAnswer): void {
  const { progress } = job
  output.item(job, {
    Job: () => job.job_id,
    Status: () => job.status,
    'Handed over': () => progress.done,
    Succeeded: () => progress.succeeded,
    'Failed again': () => progress.failed_again,
    'Under way': () => progress.under_way,
    Refused: () => progress.refused.map(({ reason, count }) => `${reason}: ${count}`).join('\n'),
    Left: () => progress.left,
    Error: () => job.error,
  })
}
