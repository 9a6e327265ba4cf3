import { Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Send, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'
import { useApplicationId, useMayEdit } from '#dashboard/api/workspace.ts'
import { Code } from '#dashboard/shared/code.tsx'
import { Confirm } from '#dashboard/shared/confirm.tsx'
import { LinkButton } from '#dashboard/shared/link-button.tsx'
import { Facts, Page, Section } from '#dashboard/shared/page.tsx'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { Loaded } from '#dashboard/shared/view-states.tsx'
import { FIRST_SCHEMA, parseSchema, SchemaEditor } from './schema-editor.tsx'

const route = getRouteApi('/shell/apps/$applicationId/event-types/$name')

type EventType = Schemas['EventType']

export function EventTypeDetail() {
  const applicationId = useApplicationId()
  const { name } = route.useParams()
  const mayEdit = useMayEdit()
  const type = useQuery({
    queryKey: ['event-type', applicationId, name],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/v1/event_types/{event_type_name}', {
          params: { path: { event_type_name: name }, query: { application_id: applicationId } },
          signal,
        }),
      ),
  })
  return (
    <Page
      title={name}
      above={
        <Link to="/apps/$applicationId/event-types" params={{ applicationId }}>
          ← Event types
        </Link>
      }
      actions={
        <>
          <LinkButton
            variant="default"
            to="/apps/$applicationId/events"
            params={{ applicationId }}
            search={{ type: name }}
          >
            Its events
          </LinkButton>
          {mayEdit && (
            <LinkButton
              variant="default"
              leftSection={<Send size={14} />}
              to="/apps/$applicationId/send"
              params={{ applicationId }}
              search={{ type: name }}
            >
              Send one
            </LinkButton>
          )}
          {mayEdit && <Deactivate applicationId={applicationId} name={name} />}
        </>
      }
    >
      <Loaded query={type}>
        {(loaded) => (
          <>
            <Facts
              items={[
                ['Service', loaded.service_name],
                ['Resource', loaded.resource_type_name],
                ['Verb', loaded.verb_name],
                ['Schema', loaded.schema === undefined ? 'none: any payload' : `version ${loaded.schema_version}`],
              ]}
            />
            <Schema applicationId={applicationId} type={loaded} mayEdit={mayEdit} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Schema({ applicationId, type, mayEdit }: { applicationId: string; type: EventType; mayEdit: boolean }) {
  const [draft, setDraft] = useState<string>()
  const save = useAction({
    run: (schema: Record<string, unknown> | boolean | null) =>
      dataOf(
        api.POST('/api/v1/event_types/', {
          body: {
            application_id: applicationId,
            service: type.service_name,
            resource_type: type.resource_type_name,
            verb: type.verb_name,
            schema,
          },
        }),
      ),
    done: 'The schema counts from now on',
    onDone: () => setDraft(undefined),
    isErrorShown: true,
  })
  const current = type.schema === undefined ? undefined : JSON.stringify(type.schema, null, 2)
  if (draft === undefined)
    return (
      <Section
        title="Schema"
        actions={
          mayEdit && (
            <Button variant="default" onClick={() => setDraft(current ?? FIRST_SCHEMA)}>
              {current === undefined ? 'Add a schema' : 'Edit'}
            </Button>
          )
        }
      >
        {current === undefined ? (
          <Text size="sm" c="dimmed">
            Payloads of this type are taken as they come.
          </Text>
        ) : (
          <Code text={current} label="schema" isTall />
        )}
      </Section>
    )
  const parsed = parseSchema(draft)
  return (
    <Section title="Schema">
      <Stack gap="sm">
        <SchemaEditor text={draft} onChange={setDraft} />
        <ProblemNotice error={save.error} />
        <Group gap="xs">
          <Button
            loading={save.isPending}
            disabled={'error' in parsed}
            onClick={() => 'schema' in parsed && save.mutate(parsed.schema)}
          >
            Save as the next version
          </Button>
          {current !== undefined && (
            <Button variant="default" onClick={() => save.mutate(null)}>
              Take the schema away
            </Button>
          )}
          <Button variant="subtle" onClick={() => setDraft(undefined)}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </Section>
  )
}

function Deactivate({ applicationId, name }: { applicationId: string; name: string }) {
  const navigate = useNavigate()
  const [isOpen, setIsOpen] = useState(false)
  const remove = useAction({
    run: () =>
      dataOf(
        api.DELETE('/api/v1/event_types/{event_type_name}', {
          params: { path: { event_type_name: name }, query: { application_id: applicationId } },
        }),
      ),
    done: `${name} is deactivated`,
    onDone: () => void navigate({ to: '/apps/$applicationId/event-types', params: { applicationId } }),
    isErrorShown: true,
  })
  return (
    <>
      <Button variant="default" leftSection={<Trash2 size={14} />} onClick={() => setIsOpen(true)}>
        Deactivate
      </Button>
      <Confirm
        isOpen={isOpen}
        title={`Deactivate ${name}?`}
        verb="Deactivate"
        isHarmful
        isBusy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={() => setIsOpen(false)}
      >
        Further events of this type are refused. Those that are there stay, with what becomes of them. Making the type
        again brings it back.
      </Confirm>
    </>
  )
}
