import { Progress } from '@mantine/core'
import { countText, wordsOf } from '#dashboard/shared/format.ts'
import { State } from '#dashboard/shared/state.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import classes from './job-progress.module.css'
import type { Job } from './job-queries.ts'

/** How far a job is; the figures change while one looks. */
export function JobProgress({ job }: { job: Job }) {
  const { done, succeeded, failed_again, cancelled, under_way, left, refused, eta } = job.progress
  const total = done + (left ?? 0)
  const share = (count: number | null) => (total === 0 ? 0 : ((count ?? 0) / total) * 100)
  const rest = job.kind === 'discard' || succeeded === null ? done : (under_way ?? 0)
  return (
    <section className={classes.progress} aria-label="Progress" aria-live="polite">
      <div className={classes.line}>
        <span className={classes.count}>{countText(done)}</span>
        <span>
          of {countText(total)} {job.kind === 'discard' ? 'discarded' : 'handed over'}
        </span>
        {job.status === 'running' && eta && (
          <span className={classes.eta}>
            done <Time at={eta} isRelative />
          </span>
        )}
      </div>
      <Progress.Root size={10} radius="sm">
        <Progress.Section value={share(succeeded)} color="var(--jh-ok-mark)" aria-label="Succeeded" />
        <Progress.Section value={share(failed_again)} color="var(--jh-bad-mark)" aria-label="Failed again" />
        <Progress.Section
          value={share(rest)}
          color={job.kind === 'discard' ? 'var(--jh-off-mark)' : 'var(--jh-run-mark)'}
          aria-label="Under way"
        />
      </Progress.Root>
      {job.kind !== 'discard' && (
        <div className={classes.figures}>
          <State tone="ok">{figure(succeeded)} succeeded</State>
          <State tone="bad">{figure(failed_again)} failed again</State>
          <State tone="run">{figure(under_way)} under way</State>
          {(cancelled ?? 0) > 0 && <State tone="off">{figure(cancelled)} cancelled</State>}
          <State tone="off">{figure(left)} left</State>
        </div>
      )}
      {refused.length > 0 && (
        <ul className={classes.refused}>
          {refused.map(({ reason, count }) => (
            <li key={reason}>
              {countText(count)} refused: {wordsOf(reason)}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

/** While the read model is away some figures are not known. */
function figure(count: number | null): string {
  return count === null ? '?' : countText(count)
}
