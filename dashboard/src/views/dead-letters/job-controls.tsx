import { Button, NumberInput } from '@mantine/core'
import { Pause, Play, X } from 'lucide-react'
import { useState } from 'react'
import { api, dataOf } from '#dashboard/api/client.ts'
import { useMayEdit } from '#dashboard/api/workspace.ts'
import { useAction } from '#dashboard/shared/use-action.ts'
import { type Job, pathKind } from './job-queries.ts'

type Verb = 'confirm' | 'pause' | 'resume' | 'cancel'
const RATE_MAX = 10_000

/** Begin, pause, go on, cancel; the rate can be chosen whenever it begins or goes on. */
export function JobControls({ applicationId, job }: { applicationId: string; job: Job }) {
  const mayEdit = useMayEdit()
  const [rate, setRate] = useState(job.rate_per_second)
  const change = useAction({
    run: (verb: Verb) => {
      const isWithRate = (verb === 'confirm' || verb === 'resume') && job.kind !== 'discard'
      const body = { application_id: applicationId, ...(isWithRate ? { rate_per_second: rate } : {}) }
      return dataOf(
        api.POST(`/api/v1/${pathKind(job)}/{job_id}/{action}`, {
          params: { path: { job_id: job.job_id, action: verb } },
          body,
        }),
      )
    },
  })
  if (!mayEdit) return null
  const { status } = job
  const begin = status === 'preview' ? 'confirm' : status === 'paused' ? 'resume' : null
  const isOver = status === 'done' || status === 'cancelled' || status === 'failed'
  const isEmpty = status === 'preview' && job.preview?.count === 0
  return (
    <>
      {!isOver && (
        <Button variant="default" leftSection={<X size={14} />} onClick={() => change.mutate('cancel')}>
          Cancel
        </Button>
      )}
      {status === 'running' && (
        <Button
          variant="default"
          leftSection={<Pause size={14} />}
          loading={change.isPending}
          onClick={() => change.mutate('pause')}
        >
          Pause
        </Button>
      )}
      {begin && job.kind !== 'discard' && (
        <NumberInput
          aria-label="Deliveries a second"
          suffix=" / s"
          value={rate}
          onChange={(value) => setRate(Number(value) || 1)}
          min={1}
          max={RATE_MAX}
          w={110}
        />
      )}
      {begin && (
        <Button
          leftSection={<Play size={14} />}
          disabled={isEmpty}
          loading={change.isPending}
          onClick={() => change.mutate(begin)}
        >
          {begin === 'resume' ? 'Resume' : VERBS[job.kind]}
        </Button>
      )}
    </>
  )
}

const VERBS = { redrive: 'Redrive now', discard: 'Discard now', replay: 'Replay now' } as const
