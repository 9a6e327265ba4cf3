import { Button, Drawer, Stack, Text } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { ScrollText } from 'lucide-react'
import { useState } from 'react'
import { api, pageOf, type Schemas } from '#dashboard/api/client.ts'
import { useOrganizationId } from '#dashboard/api/workspace.ts'
import { Code } from '#dashboard/shared/code.tsx'
import { Id } from '#dashboard/shared/copy.tsx'
import { type Column, PagedTable, rowLink } from '#dashboard/shared/data-table.tsx'
import { ChoiceFilter, FilterBar, useFilters } from '#dashboard/shared/filters.tsx'
import { wordsOf } from '#dashboard/shared/format.ts'
import { Facts, Page, Section } from '#dashboard/shared/page.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { useList } from '#dashboard/shared/use-list.ts'
import { Empty } from '#dashboard/shared/view-states.tsx'

const route = getRouteApi('/shell/orgs/$organizationId/audit')
const PAGE_SIZE = 50

type Entry = Schemas['AuditEntry']

const ACTIONS = ['created', 'updated', 'deleted', 'revealed', 'replayed', 'withdrawn', 'cancelled', 'skipped'].map(
  (value) => ({ value, label: wordsOf(value) }),
)
const KINDS = [
  'application',
  'application_secret',
  'event_type',
  'subscription',
  'service_token',
  'member',
  'organization',
  'job',
].map((value) => ({ value, label: wordsOf(value) }))

/** Who changed what, and who looked at which secret. */
export function AuditLog() {
  const organizationId = useOrganizationId()
  const search = route.useSearch()
  const setFilters = useFilters()
  const [shown, setShown] = useState<Entry>()
  const list = useList({
    queryKey: ['audit', organizationId, search],
    readPage: (cursor, signal) =>
      pageOf(
        api.GET('/api/v1/audit', {
          params: {
            query: {
              organization_id: organizationId,
              limit: PAGE_SIZE,
              ...(search.kind ? { resource_kind: search.kind } : {}),
              ...(search.action ? { action: search.action as Entry['action'] } : {}),
              ...(cursor ? { pagination_cursor: cursor } : {}),
            },
          },
          signal,
        }),
      ),
  })
  return (
    <Page title="Audit log" description="Every change of this organization's things, and every look at a secret.">
      <FilterBar>
        <ChoiceFilter
          label="Action"
          any="Any action"
          value={search.action}
          choices={ACTIONS}
          onChange={(action) => setFilters({ action })}
        />
        <ChoiceFilter
          label="What"
          any="Anything"
          value={search.kind}
          choices={KINDS}
          onChange={(kind) => setFilters({ kind })}
        />
      </FilterBar>
      <PagedTable
        label="Audit log"
        list={list}
        columns={columnsOf(setShown)}
        keyOf={({ audit_id }) => audit_id}
        empty={<Empty icon={ScrollText} title="Nothing of this kind" />}
      />
      <Drawer
        opened={shown !== undefined}
        onClose={() => setShown(undefined)}
        position="right"
        size="lg"
        title={<Text fw={600}>{shown ? titleOf(shown) : ''}</Text>}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {shown && <EntryDetail entry={shown} />}
      </Drawer>
    </Page>
  )
}

const titleOf = ({ action, resource }: Entry) => `${wordsOf(resource.kind)} ${action}`

const columnsOf = (onShow: (entry: Entry) => void): Column<Entry>[] => [
  { id: 'at', header: 'Time', cell: ({ at }) => <Time at={at} />, width: 160 },
  {
    id: 'what',
    header: 'What',
    cell: (entry) => (
      <Button variant="transparent" size="compact-xs" className={rowLink} px={0} fw={400} onClick={() => onShow(entry)}>
        {titleOf(entry)}
      </Button>
    ),
  },
  { id: 'who', header: 'Who', cell: ({ actor }) => actor.name ?? wordsOf(actor.kind), hideBelow: 'sm' },
  {
    id: 'fields',
    header: 'Fields',
    cell: ({ changes }) => changes.map(({ field }) => field).join(', '),
    hideBelow: 'md',
  },
]

function EntryDetail({ entry: { at, actor, resource, changes, state } }: { entry: Entry }) {
  return (
    <Stack gap="md">
      <Facts
        items={[
          ['Time', <Time key="at" at={at} />],
          ['Who', `${actor.name ?? ''} (${wordsOf(actor.kind)})`],
          ['What', wordsOf(resource.kind)],
          ['Id', <Id key="id" id={resource.id} label="id" />],
        ]}
      />
      {changes.length > 0 && (
        <Section title="What differs">
          <Code
            label="changes"
            text={changes
              .map(({ field, before, after }) => `${field}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`)
              .join('\n')}
          />
        </Section>
      )}
      <Section title="As it was afterwards">
        <Code label="state" text={JSON.stringify(state, null, 2)} isTall />
      </Section>
    </Stack>
  )
}
