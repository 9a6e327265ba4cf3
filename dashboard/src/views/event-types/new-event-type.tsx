import { Button, SimpleGrid, Stack, Switch, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, dataOf } from '#dashboard/api/client.ts'
import { useApplicationId } from '#dashboard/api/workspace.ts'
import { Page } from '#dashboard/shared/page.tsx'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { FIRST_SCHEMA, parseSchema, SchemaEditor } from './schema-editor.tsx'

export function NewEventType() {
  const applicationId = useApplicationId()
  const navigate = useNavigate()
  const [hasSchema, setHasSchema] = useState(false)
  const [text, setText] = useState(FIRST_SCHEMA)
  const form = useForm({ initialValues: { service: '', resource_type: '', verb: '' } })
  const parsed = parseSchema(text)
  const create = useAction({
    run: (parts: { service: string; resource_type: string; verb: string }) =>
      dataOf(
        api.POST('/api/v1/event_types/', {
          body: {
            application_id: applicationId,
            ...parts,
            ...(hasSchema && 'schema' in parsed ? { schema: parsed.schema } : {}),
          },
        }),
      ),
    done: ({ event_type_name }) => `${event_type_name} is there`,
    onDone: ({ event_type_name }) =>
      void navigate({
        to: '/apps/$applicationId/event-types/$name',
        params: { applicationId, name: event_type_name },
      }),
    isErrorShown: true,
  })
  return (
    <Page
      title="New event type"
      above={
        <Link to="/apps/$applicationId/event-types" params={{ applicationId }}>
          ← Event types
        </Link>
      }
    >
      <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
        <Stack gap="md">
          <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
            <TextInput label="Service" placeholder="billing" required {...form.getInputProps('service')} />
            <TextInput label="Resource" placeholder="invoice" required {...form.getInputProps('resource_type')} />
            <TextInput label="Verb" placeholder="paid" required {...form.getInputProps('verb')} />
          </SimpleGrid>
          <Switch
            label="Payloads must satisfy a schema"
            checked={hasSchema}
            onChange={({ currentTarget }) => setHasSchema(currentTarget.checked)}
          />
          {hasSchema && <SchemaEditor text={text} onChange={setText} />}
          <ProblemNotice error={create.error} />
          <Button
            type="submit"
            loading={create.isPending}
            disabled={hasSchema && 'error' in parsed}
            style={{ alignSelf: 'flex-start' }}
          >
            Make event type
          </Button>
        </Stack>
      </form>
    </Page>
  )
}
