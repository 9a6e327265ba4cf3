import { isDeepStrictEqual } from 'node:util'
import type { EventTypeAnswer, SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { usageError } from '../exit-codes.ts'
import { type CanonicalSubscription, canonicalAnswer, canonicalEntry, NAME_KEY } from './canonical.ts'
import type { SubscriptionEntry, WantedApplication } from './document.ts'
import { KEPT } from './placeholders.ts'

/** What an application has now; `id` null: it is still to be made. */
export interface CurrentApplication {
  id: string | null
  name: string
  eventTypes: EventTypeAnswer[]
  subscriptions: SubscriptionAnswer[]
}

export interface FieldChange {
  field: string
  before: unknown
  after: unknown
}

export interface EventTypeStep {
  resource: 'event_type'
  action: 'create' | 'update' | 'delete'
  name: string
  schema: unknown
  changes: FieldChange[]
}

export interface SubscriptionStep {
  resource: 'subscription'
  action: 'create' | 'update' | 'delete'
  name: string
  /** Null: it is made. */
  id: string | null
  /** As it shall be; null: it is deleted. */
  wanted: (CanonicalSubscription & { tls: unknown }) | null
  changes: FieldChange[]
}

export interface ApplicationStep {
  resource: 'application'
  action: 'create'
  name: string
  changes: FieldChange[]
}

export type Step = ApplicationStep | EventTypeStep | SubscriptionStep

export interface ApplicationPlan {
  application: CurrentApplication
  /** In the order in which they have to be done. */
  steps: Step[]
}

/**
 * What has to be done so that an application has what the file says; nothing when it has it already.
 * @param isPruning Also delete event types and subscriptions that the file doesn't have.
 * @throws {CliError} when a value that a header should keep isn't there.
 */
export function planApplication(
  wanted: WantedApplication,
  current: CurrentApplication,
  isPruning: boolean,
): ApplicationPlan {
  const types = planEventTypes(wanted, current, isPruning)
  const subscriptions = planSubscriptions(wanted, current, isPruning)
  const isDeletion = ({ action }: Step) => action === 'delete'
  const made: Step[] =
    current.id === null ? [{ resource: 'application', action: 'create', name: current.name, changes: [] }] : []
  return {
    application: current,
    // Types before what names them, and the other way round when they go.
    steps: [
      ...made,
      ...types.filter((step) => !isDeletion(step)),
      ...subscriptions.filter((step) => !isDeletion(step)),
      ...subscriptions.filter(isDeletion),
      ...types.filter(isDeletion),
    ],
  }
}

function planEventTypes(wanted: WantedApplication, current: CurrentApplication, isPruning: boolean): EventTypeStep[] {
  const before = new Map(current.eventTypes.map((type) => [type.event_type_name, type.schema ?? null]))
  const steps: EventTypeStep[] = []
  for (const { name, schema } of wanted.eventTypes) {
    const isThere = before.has(name)
    const schemaBefore = before.get(name) ?? null
    before.delete(name)
    if (!isThere) steps.push({ resource: 'event_type', action: 'create', name, schema, changes: [] })
    else if (!isDeepStrictEqual(schema, schemaBefore))
      steps.push({
        resource: 'event_type',
        action: 'update',
        name,
        schema,
        changes: [{ field: 'schema', before: schemaBefore, after: schema }],
      })
  }
  if (isPruning)
    for (const name of before.keys())
      steps.push({ resource: 'event_type', action: 'delete', name, schema: null, changes: [] })
  return steps
}

function planSubscriptions(
  wanted: WantedApplication,
  current: CurrentApplication,
  isPruning: boolean,
): SubscriptionStep[] {
  const left = new Map(current.subscriptions.map((each) => [each.subscription_id, each]))
  const steps: SubscriptionStep[] = []
  for (const entry of wanted.subscriptions) {
    const before = findSubscription(entry, [...left.values()])
    if (before) left.delete(before.subscription_id)
    const step = planSubscription(entry, before)
    if (step) steps.push(step)
  }
  if (isPruning)
    for (const each of left.values())
      steps.push({
        resource: 'subscription',
        action: 'delete',
        name: nameOf(each),
        id: each.subscription_id,
        wanted: null,
        changes: [],
      })
  return steps
}

/** By its id, else by the name that an earlier apply has given it. */
function findSubscription(
  entry: SubscriptionEntry,
  candidates: readonly SubscriptionAnswer[],
): SubscriptionAnswer | undefined {
  return (
    candidates.find(({ subscription_id }) => subscription_id === entry.id) ??
    candidates.find(({ metadata }) => metadata[NAME_KEY] === entry.name)
  )
}

export function nameOf({ metadata, description, subscription_id }: SubscriptionAnswer): string {
  return metadata[NAME_KEY] ?? description ?? subscription_id
}

/** @returns null when nothing is to be done. */
function planSubscription(entry: SubscriptionEntry, answer: SubscriptionAnswer | undefined): SubscriptionStep | null {
  const before = answer ? canonicalAnswer(answer) : null
  const isById = answer !== undefined && answer.subscription_id === entry.id
  const { id: _, ...unnamed } = entry
  const wanted = keepHeaders(canonicalEntry(isById ? entry : unnamed), before, entry.name)
  // What an apply of another name has noted stays with a subscription that is found by its id.
  if (isById && answer.metadata[NAME_KEY] !== undefined)
    wanted.metadata = { ...(wanted.metadata as object), [NAME_KEY]: answer.metadata[NAME_KEY] }
  const step = { resource: 'subscription' as const, name: entry.name, wanted: { ...wanted, tls: entry.tls ?? null } }
  if (before === null || answer === undefined) return { ...step, action: 'create', id: null, changes: [] }
  const changes = changesOf(before, wanted)
  return changes.length === 0 ? null : { ...step, action: 'update', id: answer.subscription_id, changes }
}

function changesOf(before: CanonicalSubscription, after: CanonicalSubscription): FieldChange[] {
  return (Object.keys(after) as (keyof CanonicalSubscription)[])
    .filter((field) => !isDeepStrictEqual(before[field], after[field]))
    .map((field) => ({ field, before: before[field], after: after[field] }))
}

type Target = { headers: Record<string, string> }

/** Headers whose variable isn't set stay as the server has them. */
function keepHeaders(
  wanted: CanonicalSubscription,
  before: CanonicalSubscription | null,
  name: string,
): CanonicalSubscription {
  const target = wanted.target as Target
  const had = (before?.target as Target | undefined)?.headers ?? {}
  const headers = Object.entries(target.headers).map(([header, value]) => {
    if (!value.startsWith(KEPT)) return [header, value]
    if (had[header] !== undefined) return [header, had[header]]
    throw usageError(`Subscription '${name}', header ${header}: the variable ${value.slice(KEPT.length)} is not set.`)
  })
  return { ...wanted, target: { ...target, headers: Object.fromEntries(headers) } }
}
