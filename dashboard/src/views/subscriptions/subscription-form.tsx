import {
  Button,
  Collapse,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Switch,
  TagsInput,
  TextInput,
} from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDisclosure } from '@mantine/hooks'
import { ChevronDown, ChevronRight } from 'lucide-react'
import { CodeEditor } from '#dashboard/shared/code-editor.tsx'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { useEventTypeNames } from '#dashboard/views/choices/event-types.ts'
import { FilterTrial } from './filter-trial.tsx'
import { problemsOf, type SubscriptionValues } from './form-values.ts'
import classes from './subscription-form.module.css'

const METHODS = ['POST', 'PUT', 'PATCH', 'GET', 'DELETE']
const SIGNATURES = ['hook0-v0', 'hook0-v1', 'standard-v1', 'standard-v1a']
const HEADERS_MAX = 10

interface Props {
  applicationId: string
  initial: SubscriptionValues
  verb: string
  isBusy: boolean
  error: unknown
  onSubmit: (values: SubscriptionValues) => void
  onCancel: () => void
}

/** What a subscription is made of: the common part in view, the rest one click away. */
export function SubscriptionForm({ applicationId, initial, verb, isBusy, error, onSubmit, onCancel }: Props) {
  const types = useEventTypeNames(applicationId)
  const [isMore, { toggle, open }] = useDisclosure(false)
  const form = useForm<SubscriptionValues>({ initialValues: initial, validate: problemsOf })
  const field = form.getInputProps
  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={form.onSubmit(onSubmit, (problems) => {
        if ('retryPolicy' in problems || 'orderKey' in problems) open()
      })}
    >
      <Stack gap="md">
        <Group gap="xs" align="flex-start" wrap="nowrap">
          <Select label="Method" data={METHODS} allowDeselect={false} w={96} {...field('method')} />
          <TextInput
            label="Address"
            placeholder="https://example.com/webhooks"
            required
            flex={1}
            data-autofocus
            {...field('url')}
          />
        </Group>
        <TextInput label="Description" placeholder="What it is for" maxLength={100} {...field('description')} />
        <TagsInput
          label="Event types"
          description="Names, or patterns: billing.*.paid, billing.**"
          placeholder="Choose or type"
          data={types}
          required
          acceptValueOnBlur
          {...field('eventTypes')}
        />
        <TagsInput
          label="Labels"
          description="An event goes here only if it has all of these: name:value"
          placeholder="tenant:42"
          required
          acceptValueOnBlur
          {...field('labels')}
        />
        <CodeEditor
          label="Filter"
          description='On the event itself, as JSON: {"payload.amount": {"$gte": 100}}. Empty: every event.'
          height={110}
          value={form.values.filter}
          onChange={(text) => form.setFieldValue('filter', text)}
          error={form.errors['filter'] as string | undefined}
        />
        <FilterTrial applicationId={applicationId} filter={form.values.filter} eventTypes={form.values.eventTypes} />
        <Button
          variant="subtle"
          w="fit-content"
          onClick={toggle}
          aria-expanded={isMore}
          leftSection={isMore ? <ChevronDown size={14} /> : <ChevronRight size={14} />}
        >
          Headers, signatures, pace, retries, order
        </Button>
        <Collapse expanded={isMore}>
          <Stack gap="md">
            <TagsInput
              label="Headers"
              description="Sent with every request: name: value"
              placeholder="X-Api-Key: …"
              maxTags={HEADERS_MAX}
              splitChars={[]}
              acceptValueOnBlur
              {...field('headers')}
            />
            <MultiSelect
              label="Signatures"
              description="None chosen: as the server does"
              data={SIGNATURES}
              {...field('signatures')}
            />
            <Group gap="xs" align="flex-end">
              <NumberInput
                label="Requests at once"
                placeholder="default"
                min={1}
                max={1_000}
                w={130}
                {...field('maxConcurrency')}
              />
              <NumberInput label="At most" placeholder="no limit" min={1} w={110} {...field('rateRequests')} />
              <Select
                aria-label="At most, in what time"
                data={[
                  { value: 'second', label: 'a second' },
                  { value: 'minute', label: 'a minute' },
                ]}
                allowDeselect={false}
                w={110}
                {...field('ratePer')}
              />
            </Group>
            <Group gap="xs" align="flex-start">
              <Select
                label="Order"
                data={[
                  { value: 'none', label: 'In any order' },
                  { value: 'subscription', label: 'All in order' },
                  { value: 'label', label: 'In order by label' },
                  { value: 'field', label: 'In order by a field' },
                ]}
                allowDeselect={false}
                w={180}
                {...field('orderBy')}
              />
              {(form.values.orderBy === 'label' || form.values.orderBy === 'field') && (
                <TextInput
                  label={form.values.orderBy === 'label' ? 'Name of the label' : 'Place of the field'}
                  placeholder={form.values.orderBy === 'label' ? 'customer' : 'payload.customer.id'}
                  {...field('orderKey')}
                />
              )}
              {form.values.orderBy !== 'none' && (
                <Select
                  label="A dead letter"
                  data={[
                    { value: 'block', label: 'blocks those behind it' },
                    { value: 'pass', label: 'lets them pass' },
                  ]}
                  allowDeselect={false}
                  w={190}
                  {...field('onDeadLetter')}
                />
              )}
            </Group>
            <CodeEditor
              label="Retry policy"
              description='As JSON: {"max_attempts": 10, "schedule": ["5s", "5m", "1h"], "timeout_ms": 10000}. Empty: as the server has it.'
              height={110}
              value={form.values.retryPolicy}
              onChange={(text) => form.setFieldValue('retryPolicy', text)}
              error={form.errors['retryPolicy'] as string | undefined}
            />
            <Switch
              label="Ask the receiver for consent first"
              description="The CloudEvents handshake: nothing is sent before it agrees"
              {...form.getInputProps('asksForConsent', { type: 'checkbox' })}
            />
          </Stack>
        </Collapse>
        <ProblemNotice error={error} />
        <Group gap="xs">
          <Button type="submit" loading={isBusy}>
            {verb}
          </Button>
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
