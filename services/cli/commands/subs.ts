import { type Command, Option } from 'commander'
import type { SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { withExamples } from '../examples.ts'
import { addListOptions, type ListOptions, limitOf } from '../list-options.ts'
import type { Columns } from '../output.ts'
import { labelQuery, pair } from '../parse-values.ts'
import { type Session, withSession } from '../session.ts'
import { addSubscriptionOptions, type SubscriptionOptions, subscriptionPost } from '../subscription-options.ts'
import type { Terminal } from '../terminal.ts'

interface Filters extends ListOptions {
  type?: string
  label?: Record<string, string>
  enabled?: string
}

const COLUMNS: Columns<SubscriptionAnswer> = {
  SUBSCRIPTION: ({ subscription_id }) => subscription_id,
  STATE: stateOf,
  TYPES: ({ event_types }) => event_types,
  LABELS: ({ labels }) => labels,
  TARGET: ({ target }) => target.url,
  DESCRIPTION: ({ description }) => description,
}

function stateOf({ is_enabled, paused_at, disabled_because }: SubscriptionAnswer): string {
  if (!is_enabled) return disabled_because ? `disabled (${disabled_because.reason})` : 'disabled'
  return paused_at === undefined ? 'enabled' : 'paused'
}

export function addSubsCommand(program: Command, terminal: Terminal): void {
  const subs = program.command('subs').description('subscriptions')
  const list = subs
    .command('list')
    .description('subscriptions of the application')
    .option('--type <name>', 'that get this event type')
    .option('--label <key=value>', 'with this label; may be given again', pair)
    .addOption(new Option('--enabled <yes>', 'that are enabled, or not').choices(['true', 'false']))
    .action(withSession(terminal, listSubs))
  withExamples(addListOptions(list), 'subs list --type billing.invoice.paid')
  subs
    .command('get <subscription-id>')
    .description('one subscription; with --secrets also what it signs with (each look is audited)')
    .option('--secrets', 'show the secrets')
    .action(withSession(terminal, getSub))
  withExamples(
    addSubscriptionOptions(subs.command('create <target-url>').description('make a subscription')).action(
      withSession(terminal, createSub),
    ),
    'subs create https://example.com/hooks --types billing.invoice.paid --label tenant=42',
    'subs create https://example.com/hooks --types \'billing.**\' --body \'{"max_retries": 5, "ordering": {"by": "subscription"}}\'',
  )
  withExamples(
    addSubscriptionOptions(
      subs
        .command('update <subscription-id>')
        .description('change what is given, and leave the rest as it is')
        .option('--target <url>', 'another address'),
    ).action(withSession(terminal, updateSub)),
    'subs update 0192f0c1-7c55-4b7e-9d53-6a1f4a1c2b3d --disable',
  )
  subs
    .command('delete <subscription-id>')
    .description('delete a subscription: what is not delivered yet is cancelled')
    .action(withSession(terminal, deleteSub))
  addControl(subs, terminal)
}

/** What is done to a subscription besides writing it. */
function addControl(subs: Command, terminal: Terminal): void {
  for (const action of ['pause', 'resume'] as const)
    subs
      .command(`${action} <subscription-id>`)
      .description(action === 'pause' ? 'hold deliveries back; nothing is lost' : 'send what was held back')
      .action(
        withSession(terminal, async (session, id: string) => {
          const body = { application_id: session.applicationId() }
          await session.api.call('POST', `/subscriptions/${encodeURIComponent(id)}/${action}`, { body })
          session.output.say(`Subscription ${id} is ${action}d.`)
        }),
      )
  subs
    .command('status <subscription-id>')
    .description('breaker, backlog, and what it waits for')
    .action(
      withSession(terminal, async (session, id: string) => {
        const query = { application_id: session.applicationId() }
        const status = await session.api.call<Record<string, unknown>>(
          'GET',
          `/subscriptions/${encodeURIComponent(id)}/status`,
          { query },
        )
        session.output.item(
          status,
          Object.fromEntries(Object.keys(status).map((field) => [field, () => status[field]])),
        )
      }),
    )
}

async function listSubs({ api, output, ...session }: Session, options: Filters): Promise<void> {
  const query = {
    application_id: session.applicationId(),
    event_type: options.type,
    label: labelQuery(options.label),
    is_enabled: options.enabled,
  }
  const found = await api.list<SubscriptionAnswer>('/subscriptions', query, limitOf(options))
  output.list(found.map(withoutSecret), COLUMNS, 'No subscriptions.')
}

/** Results go into files and logs: a secret is shown only where it was asked for. */
function withoutSecret<T extends { secret?: string }>(subscription: T): T {
  const { secret: _, ...rest } = subscription
  return rest as T
}

function findSub({ api, ...session }: Session, id: string): Promise<SubscriptionAnswer> {
  const query = { application_id: session.applicationId() }
  return api.call('GET', `/subscriptions/${encodeURIComponent(id)}`, { query })
}

async function getSub(session: Session, id: string, { secrets }: { secrets?: true }): Promise<void> {
  const found = withoutSecret(await findSub(session, id))
  const query = { application_id: session.applicationId() }
  const revealed = secrets
    ? await session.api.call<Record<string, unknown>>('GET', `/subscriptions/${encodeURIComponent(id)}/secret`, {
        query,
      })
    : undefined
  show(session, { ...found, ...(revealed ? { secrets: revealed } : {}) })
}

function show({ output }: Session, found: SubscriptionAnswer & { secrets?: Record<string, unknown> }): void {
  const { secrets } = found
  output.item(found, {
    Subscription: () => found.subscription_id,
    State: () => stateOf(found),
    Description: () => found.description,
    Types: () => found.event_types,
    Labels: () => found.labels,
    Filter: () => found.filter && JSON.stringify(found.filter),
    Target: () => `${found.target.method} ${found.target.url}`,
    Headers: () => Object.keys(found.target.headers),
    Signatures: () => found.signatures,
    'Retry policy': () => found.retry_policy && JSON.stringify(found.retry_policy),
    Retries: () => found.max_retries,
    Metadata: () => found.metadata,
    Created: () => found.created_at,
    Warnings: () => found.warnings?.join('\n'),
    Secret: () => secrets?.['secret'],
    'Webhook secret': () => secrets?.['webhook_secret'],
    'Public key': () => secrets?.['public_key'] ?? found.public_key,
  })
}

async function createSub(session: Session, url: string, options: SubscriptionOptions): Promise<void> {
  const body = await subscriptionPost({ applicationId: session.applicationId(), url, options }, session.terminal)
  show(session, withoutSecret(await session.api.call<SubscriptionAnswer>('POST', '/subscriptions', { body })))
}

async function updateSub(
  session: Session,
  id: string,
  options: SubscriptionOptions & { target?: string },
): Promise<void> {
  const before = await findSub(session, id)
  const wanted = { applicationId: session.applicationId(), url: options.target ?? before.target.url, options, before }
  const body = await subscriptionPost(wanted, session.terminal)
  const path = `/subscriptions/${encodeURIComponent(id)}`
  show(session, withoutSecret(await session.api.call<SubscriptionAnswer>('PUT', path, { body })))
}

async function deleteSub({ api, output, ...session }: Session, id: string): Promise<void> {
  const query = { application_id: session.applicationId() }
  await api.call('DELETE', `/subscriptions/${encodeURIComponent(id)}`, { query })
  output.say(`Subscription ${id} is deleted.`)
}
