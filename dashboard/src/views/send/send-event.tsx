import { Alert, Button, Group, NumberInput, Select, SimpleGrid, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { CircleCheck, Send } from 'lucide-react'
import { useMemo, useState } from 'react'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'
import { useApplicationId, useMayEdit } from '#dashboard/api/workspace.ts'
import { CodeEditor } from '#dashboard/shared/code-editor.tsx'
import { Id } from '#dashboard/shared/copy.tsx'
import { useFilters } from '#dashboard/shared/filters.tsx'
import { type LabelRow, LabelRows, labelsOf, newLabelRow } from '#dashboard/shared/label-rows.tsx'
import { LinkButton } from '#dashboard/shared/link-button.tsx'
import { Page } from '#dashboard/shared/page.tsx'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { Empty, Loaded } from '#dashboard/shared/view-states.tsx'
import { eventTypesQuery } from '#dashboard/views/choices/event-types.ts'
import { examplePayload, payloadErrors } from './check-payload.ts'

const route = getRouteApi('/shell/apps/$applicationId/send')
const EDITOR_HEIGHT = 300

type EventType = Schemas['EventType']

/** An event by hand: what the application would post, checked while one types. */
export function SendEvent() {
  const applicationId = useApplicationId()
  const mayEdit = useMayEdit()
  const types = useQuery(eventTypesQuery(applicationId))
  return (
    <Page title="Send an event" description="What your application would post, by hand: to try a receiver out.">
      {mayEdit ? (
        <Loaded query={types}>
          {(loaded) =>
            loaded.length === 0 ? (
              <Empty
                title="There is no event type yet"
                action={
                  <LinkButton to="/apps/$applicationId/event-types/new" params={{ applicationId }}>
                    Make one
                  </LinkButton>
                }
              >
                An event is of a type, such as billing.invoice.paid.
              </Empty>
            ) : (
              <SendForm applicationId={applicationId} types={loaded} />
            )
          }
        </Loaded>
      ) : (
        <Empty title="Viewers send no events">Ask an editor of the organization.</Empty>
      )}
    </Page>
  )
}

function SendForm({ applicationId, types }: { applicationId: string; types: EventType[] }) {
  const search = route.useSearch()
  const setFilters = useFilters()
  const type = types.find(({ event_type_name }) => event_type_name === search.type) ?? types[0]!
  const [written, setWritten] = useState<string>()
  const [rows, setRows] = useState<LabelRow[]>(() => [newLabelRow('all', 'yes')])
  const [delayS, setDelayS] = useState<number | string>('')
  const example = useMemo(() => JSON.stringify(examplePayload(type.schema), null, 2), [type])
  const payload = written ?? example
  const errors = useMemo(() => payloadErrors(payload, type.schema), [payload, type])
  const send = useAction({
    run: () =>
      dataOf(
        api.POST('/api/v1/event/', {
          body: {
            application_id: applicationId,
            event_type: type.event_type_name,
            payload,
            payload_content_type: 'application/json',
            occurred_at: new Date().toISOString(),
            labels: labelsOf(rows),
            ...(Number(delayS) > 0 ? { delay_ms: Number(delayS) * 1_000 } : {}),
          },
        }),
      ),
    isErrorShown: true,
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        send.mutate()
      }}
    >
      <Stack gap="md">
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
          <Select
            label="Event type"
            data={types.map(({ event_type_name }) => event_type_name)}
            value={type.event_type_name}
            onChange={(next) => {
              setFilters({ type: next ?? undefined })
              send.reset()
            }}
            searchable
            allowDeselect={false}
          />
          <NumberInput
            label="Delay"
            description="It is matched when its time has come; empty: at once"
            placeholder="none"
            suffix=" s"
            min={0}
            max={31_622_400}
            value={delayS}
            onChange={setDelayS}
          />
        </SimpleGrid>
        <LabelRows
          title="Labels"
          description="A subscription gets the event if all labels that it asks for are here"
          rows={rows}
          onChange={setRows}
        />
        <CodeEditor
          label="Payload"
          description={
            type.schema === undefined ? 'JSON' : `JSON, checked against the schema of ${type.event_type_name}`
          }
          value={payload}
          onChange={setWritten}
          height={EDITOR_HEIGHT}
          error={errors.length > 0 ? errors.join(' · ') : undefined}
        />
        <ProblemNotice error={send.error} />
        {send.data && <Sent applicationId={applicationId} eventId={send.data.event_id} />}
        <Group gap="xs">
          <Button type="submit" leftSection={<Send size={14} />} loading={send.isPending} disabled={errors.length > 0}>
            Send
          </Button>
          {written !== undefined && (
            <Button variant="subtle" onClick={() => setWritten(undefined)}>
              Start over with an example
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  )
}

function Sent({ applicationId, eventId }: { applicationId: string; eventId: string }) {
  return (
    <Alert variant="light" color="green" icon={<CircleCheck size={16} />} title="Accepted, and on disk" role="status">
      <Group gap="md">
        <Id id={eventId} label="event id" isWhole />
        <Text size="sm">
          <Link to="/apps/$applicationId/events/$eventId" params={{ applicationId, eventId }} className="jh-link">
            See what becomes of it
          </Link>
        </Text>
      </Group>
    </Alert>
  )
}
