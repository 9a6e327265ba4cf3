import { type Command, Option } from 'commander'
import type { SubscriptionAnswer, SubscriptionPost } from '#shared/contract/schemas.ts'
import { usageError } from './exit-codes.ts'
import { jsonOf, names, pair } from './parse-values.ts'
import type { Terminal } from './terminal.ts'

export interface SubscriptionOptions {
  types?: string[]
  label?: Record<string, string>
  description?: string
  header?: Record<string, string>
  method?: string
  filter?: string
  signatures?: string[]
  body?: string
  enable?: true
  disable?: true
}

/** Without one of their own, events and subscriptions carry this label, so that they fit each other. */
export const DEFAULT_LABELS = { all: 'yes' }

/** What a subscription's answer says and its post takes: written back, it changes nothing. */
export const WRITABLE_FIELDS = [
  'is_enabled',
  'event_types',
  'description',
  'metadata',
  'labels',
  'target',
  'max_retries',
  'retry_policy',
  'filter',
  'max_concurrency',
  'rate_limit',
  'ordering',
  'handshake',
  'signatures',
  'tls',
] as const satisfies (keyof SubscriptionPost & keyof SubscriptionAnswer)[]

export function addSubscriptionOptions(command: Command): Command {
  return command
    .option('--types <names>', 'event types, comma separated; wildcards: billing.*.paid, billing.**', names)
    .option(
      '--label <key=value>',
      'what events must be labelled with; may be given again (all=yes if none is given)',
      pair,
    )
    .option('--description <text>', 'what it is for')
    .option('--header <name=value>', 'sent with each request; may be given again', pair)
    .option('--method <method>', 'HTTP method (POST)')
    .option('--filter <json>', 'payload filter: text, @file, or - for standard input')
    .option('--signatures <kinds>', 'hook0-v0, hook0-v1, standard-v1, standard-v1a', names)
    .option('--body <json>', 'any other fields of the API: text, @file, or - for standard input')
    .addOption(new Option('--disable', 'no deliveries').conflicts('enable'))
    .option('--enable', 'deliveries (again)')
}

export interface WantedSubscription {
  applicationId: string
  url: string
  options: SubscriptionOptions
  /** What it is now, when it exists. */
  before?: SubscriptionAnswer
}

/** The body to post: what it is now, changed by the fields of `--body`, changed by the options. */
export async function subscriptionPost(
  { applicationId, url, options, before }: WantedSubscription,
  terminal: Terminal,
): Promise<SubscriptionPost> {
  const given = options.body === undefined ? {} : await jsonOf(options.body, terminal, '--body')
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw usageError('--body must be a JSON object')
  const base = { ...writable(before), ...(given as Partial<SubscriptionPost>) }
  const { target, ...rest } = base
  const event_types = options.types ?? rest.event_types
  if (event_types === undefined)
    throw usageError('Which event types? Give --types, such as --types billing.invoice.paid')
  return {
    ...rest,
    application_id: applicationId,
    event_types,
    is_enabled: options.disable ? false : options.enable ? true : (rest.is_enabled ?? true),
    labels: options.label ?? rest.labels ?? DEFAULT_LABELS,
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(options.signatures === undefined ? {} : { signatures: options.signatures }),
    ...(options.filter === undefined
      ? {}
      : { filter: (await jsonOf(options.filter, terminal, '--filter')) as NonNullable<SubscriptionPost['filter']> }),
    target: {
      type: 'http',
      method: options.method ?? target?.method ?? 'POST',
      url,
      headers: options.header ?? target?.headers ?? {},
    },
  }
}

export function writable(subscription: Partial<SubscriptionAnswer> | undefined): Partial<SubscriptionPost> {
  const fields = WRITABLE_FIELDS.map((field) => [field, subscription?.[field]] as const)
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined)) as Partial<SubscriptionPost>
}
