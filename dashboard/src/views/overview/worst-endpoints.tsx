import { Link } from '@tanstack/react-router'
import { type Column, DataTable, rowLink } from '#dashboard/shared/data-table.tsx'
import { countText, durationText, percentText } from '#dashboard/shared/format.ts'
import { State } from '#dashboard/shared/state.tsx'
import classes from './causes.module.css'
import type { OverviewData } from './overview-query.ts'

type Endpoint = OverviewData['worst_endpoints'][number]

export function WorstEndpoints({ applicationId, endpoints }: { applicationId: string; endpoints: Endpoint[] }) {
  if (endpoints.length === 0) return <p className={classes.none}>Every endpoint is well.</p>
  const columns: Column<Endpoint>[] = [
    {
      id: 'name',
      header: 'Endpoint',
      cell: ({ subscription_id, description, url }) => (
        <Link
          to="/apps/$applicationId/subscriptions/$subscriptionId"
          params={{ applicationId, subscriptionId: subscription_id }}
          className={rowLink}
          title={url}
        >
          {description || url.replace(/^https?:\/\//, '')}
        </Link>
      ),
    },
    { id: 'errors', header: 'Errors', cell: ({ error_rate }) => percentText(error_rate), width: 84, align: 'end' },
    {
      id: 'p95',
      header: '95 % within',
      cell: ({ p95_ms }) => (p95_ms === null ? '–' : durationText(p95_ms)),
      width: 100,
      align: 'end',
      hideBelow: 'sm',
    },
    {
      id: 'waiting',
      header: 'Waiting',
      cell: ({ waiting }) => countText(waiting),
      width: 84,
      align: 'end',
      hideBelow: 'sm',
    },
    { id: 'state', header: 'State', cell: (endpoint) => <EndpointState {...endpoint} />, width: 130 },
  ]
  return (
    <DataTable
      label="Endpoints with most trouble"
      columns={columns}
      rows={endpoints}
      keyOf={({ subscription_id }) => subscription_id}
    />
  )
}

function EndpointState({ breaker, is_paused, error_rate }: Endpoint) {
  if (is_paused) return <State tone="off">Paused</State>
  if (breaker === 'open') return <State tone="bad">Breaker open</State>
  return error_rate > 0 ? <State tone="wait">Failing</State> : <State tone="ok">Well</State>
}
