import { Button, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useNavigate } from '@tanstack/react-router'
import { RotateCcw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { api, dataOf } from '#dashboard/api/client.ts'
import { useMayEdit } from '#dashboard/api/workspace.ts'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { type DeadLetterSearch, selectionOf } from './dead-letter-filter.ts'
import classes from './job-starter.module.css'

type Selection = { kind: 'filter'; search: DeadLetterSearch } | { kind: 'ids'; ids: string[] }

/** A request may name no more. */
const IDS_MAX = 500

interface Props {
  applicationId: string
  selection: Selection
  /** What is chosen, in words. */
  says: string
  isOffered: boolean
  onStarted?: () => void
}

/** Makes a job of what is chosen: it is a preview first, and nothing is sent before that is confirmed. */
export function JobStarter({ applicationId, selection, says, isOffered, onStarted }: Props) {
  const mayEdit = useMayEdit()
  const navigate = useNavigate()
  const [isDiscarding, setIsDiscarding] = useState(false)
  const chosen = () => ({
    application_id: applicationId,
    ...(selection.kind === 'ids'
      ? { delivery_ids: selection.ids.slice(0, IDS_MAX) }
      : { filter: selectionOf(selection.search) }),
  })
  const lead = (kind: 'redrives' | 'discards') => (job: { job_id: string }) => {
    onStarted?.()
    void navigate({ to: '/apps/$applicationId/jobs/$kind/$jobId', params: { applicationId, kind, jobId: job.job_id } })
  }
  const redrive = useAction({
    run: () => dataOf(api.POST('/api/v1/redrives', { body: chosen() })),
    onDone: lead('redrives'),
  })
  const discard = useAction({
    run: (reason: string) => dataOf(api.POST('/api/v1/discards', { body: { ...chosen(), reason } })),
    onDone: lead('discards'),
    isErrorShown: true,
  })
  if (!mayEdit || !isOffered) return <div className={classes.bar}>{says}</div>
  return (
    <div className={classes.bar}>
      <span className={classes.says}>{says}</span>
      <Button leftSection={<RotateCcw size={14} />} loading={redrive.isPending} onClick={() => redrive.mutate()}>
        Redrive …
      </Button>
      <Button variant="default" leftSection={<Trash2 size={14} />} onClick={() => setIsDiscarding(true)}>
        Discard …
      </Button>
      <Modal
        opened={isDiscarding}
        onClose={() => setIsDiscarding(false)}
        title={<Text fw={600}>Discard dead letters</Text>}
      >
        <ReasonForm isBusy={discard.isPending} error={discard.error} onSubmit={(reason) => discard.mutate(reason)} />
      </Modal>
    </div>
  )
}

function ReasonForm({
  isBusy,
  error,
  onSubmit,
}: {
  isBusy: boolean
  error: unknown
  onSubmit: (reason: string) => void
}) {
  const form = useForm({ initialValues: { reason: '' } })
  return (
    <form onSubmit={form.onSubmit(({ reason }) => onSubmit(reason))}>
      <Stack gap="sm">
        <Text size="sm">
          They leave the list of open ones for good; nothing is deleted. You see how many before it begins.
        </Text>
        <TextInput
          label="Reason"
          placeholder="The receiver was a test"
          required
          data-autofocus
          {...form.getInputProps('reason')}
        />
        <ProblemNotice error={error} />
        <Button type="submit" loading={isBusy}>
          Go to the preview
        </Button>
      </Stack>
    </form>
  )
}
