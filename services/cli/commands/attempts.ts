import { type Command, Option } from 'commander'
import type { RequestAttempt, ResponseAnswer } from '#shared/contract/schemas.ts'
import { withExamples } from '../examples.ts'
import { addListOptions, type ListOptions, limitOf } from '../list-options.ts'
import type { Columns } from '../output.ts'
import { names, pointInTime } from '../parse-values.ts'
import { type Session, withSession } from '../session.ts'
import type { Terminal } from '../terminal.ts'

interface Filters extends ListOptions {
  event?: string
  sub?: string
  type?: string[]
  outcome?: string
  from?: string
  to?: string
}

const COLUMNS: Columns<RequestAttempt> = {
  ATTEMPT: ({ request_attempt_id }) => request_attempt_id,
  EVENT: ({ event_id }) => event_id,
  TYPE: ({ event }) => event.event_type_name,
  NO: ({ attempt_number }) => attempt_number,
  OUTCOME: ({ outcome, status }) => outcome ?? status.type,
  STATUS: ({ status_code }) => status_code,
  MS: ({ duration_ms }) => duration_ms,
  AT: ({ created_at }) => created_at,
}

export function addAttemptsCommand(program: Command, terminal: Terminal): void {
  const attempts = program.command('attempts').description('HTTP requests that were made, with their answers')
  const list = attempts
    .command('list')
    .description('the newest attempts first')
    .option('--event <id>', 'of this event')
    .option('--sub <id>', 'of this subscription')
    .option('--type <names>', 'of these event types, comma separated', names)
    .addOption(
      new Option('--outcome <outcome>', 'that ended so').choices(['open', 'success', 'failed', 'timeout', 'cancelled']),
    )
    .option('--from <time>', 'since: ISO 8601, or how long ago (2h, 7d)', pointInTime)
    .option('--to <time>', 'until', pointInTime)
    .action(withSession(terminal, listAttempts))
  withExamples(
    addListOptions(list),
    'attempts list --outcome failed --from 1h',
    'attempts list --event 0192f0c1-7c55-7b7e-9d53-6a1f4a1c2b3d',
  )
  withExamples(
    attempts
      .command('get <attempt-id>')
      .description("one attempt with the receiver's answer")
      .action(withSession(terminal, getAttempt)),
    'attempts get 5f0f9c52-2f36-8c1e-a1b5-1c0a52c9b6de',
  )
}

async function listAttempts({ api, output, ...session }: Session, options: Filters): Promise<void> {
  const query = {
    application_id: session.applicationId(),
    event_id: options.event,
    subscription_id: options.sub,
    'event.event_type_names': options.type?.join(','),
    outcome: options.outcome,
    min_created_at: options.from,
    max_created_at: options.to,
  }
  output.list(await api.list<RequestAttempt>('/request_attempts', query, limitOf(options)), COLUMNS, 'No attempts.')
}

async function getAttempt({ api, output, ...session }: Session, id: string): Promise<void> {
  const query = { application_id: session.applicationId() }
  const attempt = await api.call<RequestAttempt>('GET', `/request_attempts/${encodeURIComponent(id)}`, { query })
  const response =
    attempt.response_id === null
      ? null
      : await api.call<ResponseAnswer>('GET', `/responses/${attempt.response_id}`, { query })
  output.item(
    { ...attempt, response },
    {
      Attempt: () => attempt.request_attempt_id,
      Event: () => `${attempt.event_id} ${attempt.event.event_type_name}`,
      Subscription: () => `${attempt.subscription.subscription_id} ${attempt.subscription.description ?? ''}`.trim(),
      Delivery: () => attempt.delivery_id,
      Number: () => attempt.attempt_number,
      Outcome: () => attempt.outcome ?? attempt.status.type,
      Error: () => attempt.error_message,
      At: () => attempt.created_at,
      'Took (ms)': () => attempt.duration_ms,
      'Next attempt': () => attempt.next_attempt_at,
      Status: () => attempt.status_code,
      'Answer headers': () =>
        Object.entries(response?.headers ?? {})
          .map(([name, value]) => `${name}: ${value}`)
          .join('\n'),
      'Answer body': () => response && `${response.body ?? ''}${response.is_body_cut ? ' … (cut off)' : ''}`,
    },
  )
}
