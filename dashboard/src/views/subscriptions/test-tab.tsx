import { Button, Select, Stack } from '@mantine/core'
import { Play } from 'lucide-react'
import { useState } from 'react'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'
import { CodeEditor } from '#dashboard/shared/code-editor.tsx'
import { durationText } from '#dashboard/shared/format.ts'
import { Section } from '#dashboard/shared/page.tsx'
import { Payload } from '#dashboard/shared/payload.tsx'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { State } from '#dashboard/shared/state.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { useEventTypeNames } from '#dashboard/views/choices/event-types.ts'
import { HeaderTable } from '#dashboard/views/events/header-table.tsx'
import type { Subscription } from './subscription-queries.ts'

interface Props {
  applicationId: string
  subscription: Subscription
}

const PAYLOAD = '{\n  "test": true\n}'

/** One signed request now, and what the receiver says to it. */
export function TestTab({ applicationId, subscription }: Props) {
  const types = useEventTypeNames(applicationId)
  const plain = subscription.event_types.filter((name) => !name.includes('*'))
  const [type, setType] = useState<string | null>(plain[0] ?? null)
  const [payload, setPayload] = useState(PAYLOAD)
  const test = useAction({
    run: () =>
      dataOf(
        api.POST('/api/v1/subscriptions/{subscription_id}/test', {
          params: { path: { subscription_id: subscription.subscription_id } },
          body: {
            application_id: applicationId,
            payload,
            payload_content_type: 'application/json',
            ...(type ? { event_type: type } : {}),
          },
        }),
      ),
    isErrorShown: true,
  })
  return (
    <Stack gap="xl">
      <Section
        title="Test delivery"
        description="A request that is signed and guarded like every delivery, and marked X-Jethook-Test: true. Nothing is retried, and nothing of it is kept."
      >
        <Stack gap="sm" maw={680}>
          <Select
            label="Event type"
            data={[...new Set([...plain, ...types])]}
            value={type}
            onChange={setType}
            searchable
          />
          <CodeEditor label="Payload" height={130} value={payload} onChange={setPayload} />
          <Button
            w="fit-content"
            leftSection={<Play size={14} />}
            loading={test.isPending}
            onClick={() => test.mutate()}
          >
            Send the test
          </Button>
          <ProblemNotice error={test.error} />
        </Stack>
      </Section>
      {test.data && <Result result={test.data} />}
    </Stack>
  )
}

function Result({ result }: { result: Schemas['TestDeliveryResult'] }) {
  const { outcome, status_code, duration_ms, headers, body, error_message } = result
  return (
    <Section title="What came back">
      <div role="status">
        <State tone={outcome === 'success' ? 'ok' : 'bad'} isFilled>
          {status_code ?? (outcome === 'timeout' ? 'Timed out' : 'Failed')} after {durationText(duration_ms)}
        </State>{' '}
        {error_message}
      </div>
      {headers && <HeaderTable headers={headers} label="Response headers" />}
      {body && <Payload text={body} contentType={headers?.['content-type'] ?? 'text'} label="response body" />}
    </Section>
  )
}
