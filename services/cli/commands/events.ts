import { type Command, Option } from 'commander'
import { EVENT_STATUSES, type EventAnswer, type EventWithPayload } from '#shared/contract/schemas.ts'
import type { TimelineAnswer } from '#shared/contract/timeline-schemas.ts'
import { withExamples } from '../examples.ts'
import { addListOptions, type ListOptions, limitOf } from '../list-options.ts'
import type { Columns } from '../output.ts'
import { labelQuery, names, pair, pointInTime } from '../parse-values.ts'
import { type Session, withSession } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { timelineText } from '../timeline-text.ts'
import { addSendOptions, send } from './send.ts'

interface Filters extends ListOptions {
  type?: string[]
  label?: Record<string, string>
  status?: string
  from?: string
  to?: string
}

const COLUMNS: Columns<EventAnswer> = {
  EVENT: ({ event_id }) => event_id,
  TYPE: ({ event_type_name }) => event_type_name,
  LABELS: ({ labels }) => labels,
  RECEIVED: ({ received_at }) => received_at,
}

export function addEventsCommand(program: Command, terminal: Terminal): void {
  const events = program.command('events').description('events that were posted')
  const list = events
    .command('list')
    .description('the newest events first')
    .option('--type <names>', 'of these event types, comma separated', names)
    .option('--label <key=value>', 'with this label; may be given again', pair)
    .addOption(new Option('--status <status>', 'of this state').choices(EVENT_STATUSES))
    .option('--from <time>', 'received since: ISO 8601, or how long ago (2h, 7d)', pointInTime)
    .option('--to <time>', 'received until', pointInTime)
    .action(withSession(terminal, listEvents))
  withExamples(
    addListOptions(list),
    'events list --type billing.invoice.paid --from 2h',
    'events list --status dead_lettered -o json',
  )
  withExamples(
    events.command('get <event-id>').description('one event with its payload').action(withSession(terminal, getEvent)),
    'events get 0192f0c1-7c55-7b7e-9d53-6a1f4a1c2b3d -o yaml',
  )
  addSendOptions(events.command('create').description('post an event: the same as jethook send')).action(
    withSession(terminal, send),
  )
  events
    .command('delete <event-id>')
    .description('withdraw an event that waits for its time; what was delivered can not be taken back')
    .action(withSession(terminal, withdrawEvent))
  withExamples(
    events
      .command('timeline <event-id>')
      .description('what became of an event in every subscription, and why one did not get it')
      .action(withSession(terminal, showTimeline)),
    'events timeline 0192f0c1-7c55-7b7e-9d53-6a1f4a1c2b3d',
  )
  events
    .command('replay <event-id>')
    .description('match one event anew and deliver it again (see also: jethook replay)')
    .action(withSession(terminal, replayEvent))
}

async function listEvents({ api, output, ...session }: Session, options: Filters): Promise<void> {
  const query = {
    application_id: session.applicationId(),
    event_types: options.type?.join(','),
    label: labelQuery(options.label),
    status: options.status,
    min_received_at: options.from,
    max_received_at: options.to,
  }
  output.list(await api.list<EventAnswer>('/events', query, limitOf(options)), COLUMNS, 'No events.')
}

async function getEvent({ api, output, ...session }: Session, id: string): Promise<void> {
  const event = await api.call<EventWithPayload>('GET', `/events/${encodeURIComponent(id)}`, {
    query: { application_id: session.applicationId() },
  })
  output.item(event, {
    Event: () => event.event_id,
    Type: () => event.event_type_name,
    Received: () => event.received_at,
    Occurred: () => event.occurred_at,
    'Deliver at': () => event.deliver_at,
    From: () => event.ip,
    Labels: () => event.labels,
    Metadata: () => event.metadata,
    'Content type': () => event.payload_content_type,
    Payload: () => Buffer.from(event.payload, 'base64').toString('utf8'),
  })
}

async function withdrawEvent({ api, output, ...session }: Session, id: string): Promise<void> {
  const body = { application_id: session.applicationId() }
  await api.call('POST', `/events/${encodeURIComponent(id)}/cancel`, { body })
  output.say(`Event ${id} is withdrawn.`)
}

async function replayEvent({ api, output, ...session }: Session, id: string): Promise<void> {
  const body = { application_id: session.applicationId() }
  await api.call('POST', `/events/${encodeURIComponent(id)}/replay`, { body })
  output.say(`Event ${id} is matched anew. See: jethook events timeline ${id}`)
}

async function showTimeline({ api, output, ...session }: Session, id: string): Promise<void> {
  const timeline = await api.call<TimelineAnswer>('GET', `/events/${encodeURIComponent(id)}/timeline`, {
    query: { application_id: session.applicationId() },
  })
  if (output.format === 'table') output.say(timelineText(timeline))
  else output.item(timeline, {})
}
