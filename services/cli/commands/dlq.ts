import { type Command, Option } from 'commander'
import {
  DEAD_LETTER_CAUSES,
  DEAD_LETTER_STATUSES,
  type DeadLetterAnswer,
  type DeadLetterDetail,
  type DeadLetterGroup,
} from '#shared/contract/dead-letter-schemas.ts'
import { withExamples } from '../examples.ts'
import { usageError } from '../exit-codes.ts'
import { type JobOptions, runJob } from '../jobs.ts'
import { addListOptions, type ListOptions, limitOf } from '../list-options.ts'
import type { Columns } from '../output.ts'
import { labelQuery, names, pair, pointInTime, positiveInteger } from '../parse-values.ts'
import { type Session, withSession } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { attemptLine } from '../timeline-text.ts'

interface Filters {
  sub?: string
  event?: string
  type?: string[]
  cause?: string[]
  status?: string[]
  error?: string
  label?: Record<string, string>
  from?: string
  to?: string
}

const LETTER_COLUMNS: Columns<DeadLetterAnswer> = {
  DELIVERY: ({ delivery_id }) => delivery_id,
  TYPE: ({ event }) => event.event_type_name,
  CAUSE: ({ cause }) => cause,
  STATUS: ({ status_code }) => status_code,
  ERROR: ({ error_message }) => error_message,
  TRIES: ({ attempt_count }) => attempt_count,
  'DEAD SINCE': ({ dead_at }) => dead_at,
}

const GROUP_COLUMNS: Columns<DeadLetterGroup> = {
  COUNT: ({ count }) => count,
  CAUSE: ({ cause }) => cause,
  STATUS: ({ status_code }) => status_code,
  ERROR: ({ error, error_name }) => error ?? error_name,
  SUBSCRIPTION: ({ subscription }) => subscription.description ?? subscription.subscription_id,
  LAST: ({ last_dead_at }) => last_dead_at,
  SAMPLE: ({ sample }) => sample.delivery_id,
}

export function addDlqCommand(program: Command, terminal: Terminal): void {
  const dlq = program.command('dlq').description('dead letters: deliveries that were given up')
  withExamples(
    addListOptions(addFilters(dlq.command('list').description('the latest first')))
      .addOption(new Option('--state <state>', 'what became of them').choices(DEAD_LETTER_STATUSES).default('open'))
      .action(withSession(terminal, listLetters)),
    'dlq list --cause retries_spent --from 1d',
  )
  withExamples(
    addListOptions(
      addFilters(dlq.command('groups').description('counted by subscription, cause, status and error')),
    ).action(withSession(terminal, listGroups)),
    'dlq groups',
  )
  dlq
    .command('get <delivery-id>')
    .description('one dead letter with its last answer and all attempts')
    .action(withSession(terminal, getLetter))
  withExamples(
    addJobOptions(addFilters(dlq.command('redrive [delivery-ids...]').description('send dead letters again')))
      .option('--rate <n>', 'deliveries a second', positiveInteger)
      .action(withSession(terminal, redrive)),
    'dlq redrive --cause retries_spent --from 1d --dry-run',
    'dlq redrive 5f0f9c52-2f36-8c1e-a1b5-1c0a52c9b6de --yes',
  )
  withExamples(
    addJobOptions(addFilters(dlq.command('discard [delivery-ids...]').description('take dead letters off the list')))
      .requiredOption('--reason <text>', 'why; it stays with them')
      .action(withSession(terminal, discard)),
    "dlq discard --sub 0192f0c1-7c55-4b7e-9d53-6a1f4a1c2b3d --reason 'The receiver was a test' --yes",
  )
}

function addFilters(command: Command): Command {
  return command
    .option('--sub <id>', 'of this subscription')
    .option('--event <id>', 'of this event')
    .option('--type <names>', 'of these event types, comma separated', names)
    .option('--cause <causes>', DEAD_LETTER_CAUSES.join(', '), names)
    .option('--status <codes>', 'last answered so, comma separated', names)
    .option('--error <text>', 'with this error, as groups name it')
    .option('--label <key=value>', 'of events with this label; may be given again', pair)
    .option('--from <time>', 'dead since: ISO 8601, or how long ago (2h, 7d)', pointInTime)
    .option('--to <time>', 'dead until', pointInTime)
}

export function addJobOptions(command: Command): Command {
  return command
    .option('--dry-run', 'only show what it would do')
    .option('-y, --yes', 'do it without asking')
    .option('--no-wait', 'do not wait for its end')
}

function queryOf(session: Session, filters: Filters) {
  return {
    application_id: session.applicationId(),
    subscription_id: filters.sub,
    event_id: filters.event,
    event_types: filters.type?.join(','),
    cause: filters.cause?.join(','),
    status_code: filters.status?.join(','),
    error: filters.error,
    label: labelQuery(filters.label),
    min_dead_at: filters.from,
    max_dead_at: filters.to,
  }
}

async function listLetters(session: Session, options: Filters & ListOptions & { state: string }): Promise<void> {
  const query = { ...queryOf(session, options), status: options.state }
  const found = await session.api.list<DeadLetterAnswer>('/dead_letters', query, limitOf(options))
  session.output.list(found, LETTER_COLUMNS, 'No dead letters.')
}

async function listGroups(session: Session, options: Filters & ListOptions): Promise<void> {
  const found = await session.api.list<DeadLetterGroup>(
    '/dead_letters/groups',
    queryOf(session, options),
    limitOf(options),
  )
  session.output.list(found, GROUP_COLUMNS, 'No dead letters.')
}

async function getLetter({ api, output, ...session }: Session, id: string): Promise<void> {
  const query = { application_id: session.applicationId() }
  const letter = await api.call<DeadLetterDetail>('GET', `/dead_letters/${encodeURIComponent(id)}`, { query })
  output.item(letter, {
    Delivery: () => letter.delivery_id,
    Event: () => `${letter.event.event_id} ${letter.event.event_type_name}`,
    Subscription: () => `${letter.subscription.subscription_id} ${letter.subscription.description ?? ''}`.trim(),
    Cause: () => letter.cause,
    Error: () => letter.error_message,
    'Dead since': () => letter.dead_at,
    'Can be sent until': () => letter.expires_at,
    Resolution: () => letter.resolution && `${letter.resolution.type} at ${letter.resolution.at}`,
    Attempts: () => letter.attempts.map(attemptLine).join('\n'),
    Status: () => letter.last_response?.http_code,
    'Answer body': () => letter.last_response?.body,
  })
}

/** Which dead letters: those that are named, or all that satisfy the filter. */
function selectionOf(ids: string[], filters: Filters & JobOptions): Record<string, unknown> {
  const filter = {
    subscription_ids: filters.sub && [filters.sub],
    event_id: filters.event,
    event_types: filters.type,
    causes: filters.cause,
    status_codes: filters.status?.map(Number),
    error: filters.error,
    labels: filters.label,
    min_dead_at: filters.from,
    max_dead_at: filters.to,
  }
  const isFiltered = Object.values(filter).some((value) => value !== undefined)
  if (ids.length > 0 && isFiltered) throw usageError('Give either ids of deliveries or filters, not both.')
  return ids.length > 0 ? { delivery_ids: ids } : { filter }
}

async function redrive(
  session: Session,
  ids: string[],
  options: Filters & JobOptions & { rate?: number },
): Promise<void> {
  await runJob(session, {
    path: 'redrives',
    body: { ...selectionOf(ids, options), rate_per_second: options.rate },
    question: (count) => `Send ${count} dead letters again?`,
    options,
  })
}

async function discard(
  session: Session,
  ids: string[],
  options: Filters & JobOptions & { reason: string },
): Promise<void> {
  await runJob(session, {
    path: 'discards',
    body: { ...selectionOf(ids, options), reason: options.reason },
    question: (count) => `Take ${count} dead letters off the list for good?`,
    options,
  })
}
