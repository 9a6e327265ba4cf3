import { Button, Modal, MultiSelect, NumberInput, SimpleGrid, Stack, Switch, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useNavigate } from '@tanstack/react-router'
import { api, dataOf } from '#dashboard/api/client.ts'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { useEventTypeNames } from '#dashboard/views/choices/event-types.ts'
import { useSubscriptionChoices } from '#dashboard/views/choices/subscriptions.ts'

const HOUR_MS = 3_600_000
const RATE = 100
const RATE_MAX = 10_000

interface Values {
  from: string
  to: string
  types: string[]
  subscriptions: string[]
  label: string
  isOnlyUndelivered: boolean
  rate: number | string
}

interface Props {
  applicationId: string
  isOpen: boolean
  onClose: () => void
}

/** Which events, for whom, how fast: it leads to the preview. */
export function NewReplay({ applicationId, isOpen, onClose }: Props) {
  return (
    <Modal opened={isOpen} onClose={onClose} size="lg" title={<Text fw={600}>Replay events</Text>}>
      <Fields applicationId={applicationId} />
    </Modal>
  )
}

function Fields({ applicationId }: { applicationId: string }) {
  const navigate = useNavigate()
  const types = useEventTypeNames(applicationId)
  const subscriptions = useSubscriptionChoices(applicationId)
  const form = useForm<Values>({
    initialValues: {
      from: localInput(Date.now() - HOUR_MS),
      to: '',
      types: [],
      subscriptions: [],
      label: '',
      isOnlyUndelivered: false,
      rate: RATE,
    },
    validate: { label: (label) => (label === '' || label.includes(':') ? null : 'As name:value') },
  })
  const create = useAction({
    run: (values: Values) => dataOf(api.POST('/api/v1/replays', { body: bodyOf(applicationId, values) })),
    onDone: ({ job_id }) =>
      void navigate({
        to: '/apps/$applicationId/jobs/$kind/$jobId',
        params: { applicationId, kind: 'replays', jobId: job_id },
      }),
    isErrorShown: true,
  })
  return (
    <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
      <Stack gap="sm">
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
          <TextInput label="Received from" type="datetime-local" step={1} required {...form.getInputProps('from')} />
          <TextInput
            label="Received to"
            description="Empty: until now"
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            type="datetime-local"
            step={1}
            {...form.getInputProps('to')}
          />
        </SimpleGrid>
        <MultiSelect
          label="Event types"
          placeholder={form.values.types.length === 0 ? 'All types' : ''}
          data={types}
          searchable
          {...form.getInputProps('types')}
        />
        <MultiSelect
          label="Subscriptions"
          description="Only these get the events; none: all that match today"
          placeholder={form.values.subscriptions.length === 0 ? 'All that match' : ''}
          data={subscriptions}
          searchable
          {...form.getInputProps('subscriptions')}
        />
        <TextInput label="Label" placeholder="tenant:42" {...form.getInputProps('label')} />
        <NumberInput
          label="Rate"
          description="Deliveries a second, beside live traffic"
          min={1}
          max={RATE_MAX}
          {...form.getInputProps('rate')}
        />
        <Switch
          label="Only what was never delivered"
          {...form.getInputProps('isOnlyUndelivered', { type: 'checkbox' })}
        />
        <ProblemNotice error={create.error} />
        <Button type="submit" loading={create.isPending}>
          Go to the preview
        </Button>
      </Stack>
    </form>
  )
}

function bodyOf(applicationId: string, values: Values) {
  const [name, ...value] = values.label.split(':')
  return {
    application_id: applicationId,
    received_from: new Date(values.from).toISOString(),
    ...(values.to === '' ? {} : { received_to: new Date(values.to).toISOString() }),
    ...(values.types.length > 0 ? { event_types: values.types } : {}),
    ...(values.subscriptions.length > 0 ? { subscription_ids: values.subscriptions } : {}),
    ...(values.label === '' ? {} : { labels: { [name!]: value.join(':') } }),
    ...(values.isOnlyUndelivered ? { only_undelivered: true } : {}),
    rate_per_second: Number(values.rate) || RATE,
  }
}

/** A time as the browser's own field has it: in the reader's zone, without a name for that. */
function localInput(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 19)
}
