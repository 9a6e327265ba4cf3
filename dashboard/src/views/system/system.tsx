import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'
import { type Column, DataTable } from '#dashboard/shared/data-table.tsx'
import { bytesText, countText, percentText } from '#dashboard/shared/format.ts'
import { Facts, Page, Section } from '#dashboard/shared/page.tsx'
import { State, type Tone } from '#dashboard/shared/state.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { Loaded } from '#dashboard/shared/view-states.tsx'
import { Troubles } from './troubles.tsx'

const REFRESH_MS = 5_000

type SystemData = Schemas['System']
export type Health = SystemData['status']

const WORDS: Record<Health, [Tone, string]> = {
  ok: ['ok', 'Well'],
  warn: ['wait', 'Look here'],
  bad: ['bad', 'In trouble'],
}

export function HealthState({ status, isFilled = false }: { status: Health; isFilled?: boolean }) {
  const [tone, word] = WORDS[status]
  return (
    <State tone={tone} isFilled={isFilled}>
      {word}
    </State>
  )
}

/** How jethook itself is: what is red, and what to do about it, before everything else. */
export function System() {
  const system = useQuery({
    queryKey: ['system'],
    queryFn: ({ signal }) => dataOf(api.GET('/api/v1/system', { signal })),
    refetchInterval: REFRESH_MS,
  })
  return (
    <Page title="System" beside={system.data && <HealthState status={system.data.status} isFilled />}>
      <Loaded query={system}>{(data) => <About system={data} />}</Loaded>
    </Page>
  )
}

function About({ system }: { system: SystemData }) {
  return (
    <>
      <Troubles system={system} />
      <Facts items={factsOf(system)} />
      <Section title="Parts">
        <DataTable label="Parts" columns={PARTS} rows={system.parts} keyOf={({ name }) => name} />
      </Section>
      <Section title="Streams" description="The log: every fact is here first">
        <DataTable label="Streams" columns={STREAMS} rows={system.streams} keyOf={({ name }) => name} />
      </Section>
      <Section title="Projections" description="Facts to rows: how far what you see here is">
        <DataTable label="Projections" columns={PROJECTIONS} rows={system.projections} keyOf={({ name }) => name} />
      </Section>
      <Section title="Lanes" description="Each is a share of the subscriptions, worked on by one process">
        <DataTable label="Lanes" columns={LANES} rows={system.lanes} keyOf={({ lane }) => String(lane)} />
      </Section>
      <Section title="Consumers" description="Who reads a stream, and what waits for it">
        <DataTable
          label="Consumers"
          columns={CONSUMERS}
          rows={system.consumers}
          keyOf={({ stream, name }) => `${stream} ${name}`}
        />
      </Section>
    </>
  )
}

function factsOf({ version, node_version, started_at, disk, reconciler }: SystemData): [string, ReactNode][] {
  return [
    ['jethook', version],
    ['Node', node_version],
    ['Started', <Time key="started" at={started_at} />],
    ...(disk
      ? ([
          [
            'Disk',
            <span key="disk" title={disk.path}>
              {bytesText(disk.free_bytes)} free of {bytesText(disk.total_bytes)} (
              {percentText(disk.free_bytes / Math.max(1, disk.total_bytes))})
            </span>,
          ],
        ] satisfies [string, ReactNode][])
      : []),
    ...(reconciler
      ? ([['Brought back by the reconciler', countText(reconciler.brought_back)]] satisfies [string, ReactNode][])
      : []),
  ]
}

const PARTS: Column<Schemas['SystemPart']>[] = [
  { id: 'name', header: 'Part', cell: ({ name }) => name, width: 220 },
  { id: 'status', header: 'State', cell: ({ status }) => <HealthState status={status} />, width: 130 },
  { id: 'says', header: 'Says', cell: ({ says }) => says ?? '', hideBelow: 'sm' },
]

const STREAMS: Column<Schemas['SystemStream']>[] = [
  { id: 'name', header: 'Stream', cell: ({ name }) => name, width: 120 },
  { id: 'status', header: 'State', cell: ({ status }) => <HealthState status={status} />, width: 130 },
  { id: 'messages', header: 'Messages', cell: ({ messages }) => countText(messages), align: 'end' },
  {
    id: 'bytes',
    header: 'Size',
    cell: ({ bytes, max_bytes }) =>
      max_bytes === null ? bytesText(bytes) : `${bytesText(bytes)} of ${bytesText(max_bytes)}`,
    align: 'end',
    hideBelow: 'sm',
  },
  {
    id: 'first',
    header: 'Oldest',
    cell: ({ first_at }) => (first_at ? <Time at={first_at} isRelative /> : ''),
    width: 130,
    hideBelow: 'md',
  },
  {
    id: 'last',
    header: 'Newest',
    cell: ({ last_at }) => (last_at ? <Time at={last_at} isRelative /> : ''),
    width: 130,
    hideBelow: 'md',
  },
]

const PROJECTIONS: Column<Schemas['SystemProjection']>[] = [
  { id: 'name', header: 'Projection', cell: ({ name }) => name, width: 140 },
  { id: 'status', header: 'State', cell: ({ status }) => <HealthState status={status} />, width: 130 },
  {
    id: 'lag',
    header: 'Behind by',
    cell: ({ lag }) => (lag === null ? 'not known' : lag === 0 ? 'nothing' : countText(lag)),
    align: 'end',
  },
  {
    id: 'checkpoint',
    header: 'Checkpoint',
    cell: ({ stream, checkpoint }) => (checkpoint === null ? stream : `${stream} ${countText(checkpoint)}`),
    align: 'end',
    hideBelow: 'sm',
  },
  {
    id: 'rebuild',
    header: 'Rebuild',
    cell: ({ rebuild }) =>
      rebuild === null
        ? ''
        : `${rebuild.state === 'running' ? '' : 'stopped at '}${percentText(rebuild.done / Math.max(1, rebuild.total))}`,
    align: 'end',
    hideBelow: 'sm',
  },
]

const LANES: Column<Schemas['SystemLane']>[] = [
  { id: 'lane', header: 'Lane', cell: ({ lane }) => lane, width: 80 },
  { id: 'status', header: 'State', cell: ({ status }) => <HealthState status={status} />, width: 130 },
  { id: 'owner', header: 'Worked on by', cell: ({ owner }) => owner ?? 'nobody' },
  {
    id: 'waiting',
    header: 'Waiting',
    cell: ({ waiting }) => (waiting === null ? '' : countText(waiting)),
    width: 110,
    align: 'end',
  },
]

const CONSUMERS: Column<Schemas['SystemConsumer']>[] = [
  { id: 'name', header: 'Consumer', cell: ({ name }) => name },
  { id: 'stream', header: 'Stream', cell: ({ stream }) => stream, width: 120, hideBelow: 'sm' },
  { id: 'pending', header: 'To be read', cell: ({ pending }) => countText(pending), width: 110, align: 'end' },
  { id: 'acks', header: 'In hand', cell: ({ ack_pending }) => countText(ack_pending), width: 100, align: 'end' },
]
