import { Link } from '@tanstack/react-router'
import { countText } from '#dashboard/shared/format.ts'
import { causeLabel } from '#dashboard/views/dead-letters/dead-letter-filter.ts'
import classes from './causes.module.css'
import type { OverviewData } from './overview-query.ts'

interface Props {
  applicationId: string
  causes: OverviewData['dead_letters_by_cause']
}

export function Causes({ applicationId, causes }: Props) {
  const max = Math.max(1, ...causes.map(({ count }) => count))
  if (causes.length === 0) return <p className={classes.none}>There is none.</p>
  return (
    <ul className={classes.causes}>
      {causes.map(({ cause, count }) => (
        <li key={cause}>
          <Link
            to="/apps/$applicationId/dead-letters"
            params={{ applicationId }}
            search={{ cause }}
            className={classes.cause}
          >
            <span>{causeLabel(cause)}</span>
            <span className={classes.count}>{countText(count)}</span>
            <span className={classes.bar} style={{ width: `${(count / max) * 100}%` }} aria-hidden />
          </Link>
        </li>
      ))}
    </ul>
  )
}
