import type { SubscriptionState } from '../facts/control.ts'
import { isPattern, matchesPattern } from './event-type-pattern.ts'
import type { RegisteredSubscription } from './registry.ts'

type Labels = Record<string, string>

/**
 * Finds the enabled subscriptions of an application that want a type, by name or by pattern. Where many want the same
 * types and differ in their labels (a tenant each), only those with a label of the event are looked at.
 */
export interface SubscriptionIndex {
  add(registered: RegisteredSubscription): void
  remove(registered: RegisteredSubscription): void
  /** In the order in which they were registered. All that want the type and these labels; some want further labels. */
  find(applicationId: string, eventType: string, labels: Labels): readonly RegisteredSubscription[]
}

/** By subscription, in the order in which they came. */
type Group = Map<string, RegisteredSubscription>

/** What one application's subscriptions want. Each stands at one of its labels, of which an event must have that one at least. */
interface OfApplication {
  /** By type and label. */
  byName: Map<string, Map<string, Group>>
  /** By label; for these the types are compared. */
  withPatterns: Map<string, Group>
  labelOf: Map<string, string>
  countOfLabel: Map<string, number>
  /** Answers by type and label, until one of the subscriptions changes. */
  found: Map<string, readonly RegisteredSubscription[]>
}

const NONE: readonly RegisteredSubscription[] = []
/** Answers that are remembered for one application. */
const FOUND_MAX = 2_000
/** Where those stand that want no label. */
const ANY_LABEL = ''

export function createSubscriptionIndex(): SubscriptionIndex {
  const applications = new Map<string, OfApplication>()

  function ofApplication({ applicationId }: SubscriptionState): OfApplication {
    const known = applications.get(applicationId)
    if (known) return known
    const made: OfApplication = {
      byName: new Map(),
      withPatterns: new Map(),
      labelOf: new Map(),
      countOfLabel: new Map(),
      found: new Map(),
    }
    applications.set(applicationId, made)
    return made
  }

  function findAt(application: OfApplication, eventType: string, label: string): readonly RegisteredSubscription[] {
    const key = `${eventType}\n${label}`
    const known = application.found.get(key)
    if (known) return known
    const list: Group = new Map(application.byName.get(eventType)?.get(label))
    for (const [id, registered] of application.withPatterns.get(label) ?? []) {
      if (registered.state.eventTypes.some((name) => isPattern(name) && matchesPattern(eventType, name)))
        list.set(id, registered)
    }
    if (application.found.size >= FOUND_MAX) application.found.clear()
    const found = list.size === 0 ? NONE : [...list.values()].sort(bySeq)
    application.found.set(key, found)
    return found
  }

  return {
    add(registered) {
      const { subscriptionId, eventTypes, labels } = registered.state
      const application = ofApplication(registered.state)
      const { byName, withPatterns, labelOf, countOfLabel, found } = application
      const label = rarestOf(labels, countOfLabel)
      labelOf.set(subscriptionId, label)
      countOfLabel.set(label, (countOfLabel.get(label) ?? 0) + 1)
      for (const name of eventTypes) {
        const groups = isPattern(name) ? withPatterns : madeAt(byName, name, () => new Map<string, Group>())
        madeAt(groups, label, (): Group => new Map()).set(subscriptionId, registered)
      }
      found.clear()
    },
    remove({ state: { applicationId, subscriptionId, eventTypes } }) {
      const application = applications.get(applicationId)
      const label = application?.labelOf.get(subscriptionId)
      if (application === undefined || label === undefined) return
      const { byName, withPatterns, labelOf, countOfLabel, found } = application
      labelOf.delete(subscriptionId)
      const left = countOfLabel.get(label)! - 1
      if (left === 0) countOfLabel.delete(label)
      else countOfLabel.set(label, left)
      for (const name of eventTypes) {
        const groups = isPattern(name) ? withPatterns : byName.get(name)
        const group = groups?.get(label)
        group?.delete(subscriptionId)
        if (group?.size === 0) groups!.delete(label)
        if (byName.get(name)?.size === 0) byName.delete(name)
      }
      found.clear()
    },
    find(applicationId, eventType, labels) {
      const application = applications.get(applicationId)
      if (!application) return NONE
      const lists = [ANY_LABEL, ...labelsOf(labels)]
        .map((label) => findAt(application, eventType, label))
        .filter((list) => list.length > 0)
      return lists.length <= 1 ? (lists[0] ?? NONE) : lists.flat().sort(bySeq)
    },
  }
}

/** Of a subscription's labels the one that is asked for by the fewest others so far: most events don't have it. */
function rarestOf(labels: Labels, countOfLabel: ReadonlyMap<string, number>): string {
  let rarest = ANY_LABEL
  let least = Number.POSITIVE_INFINITY
  for (const label of labelsOf(labels)) {
    const count = countOfLabel.get(label) ?? 0
    if (count >= least) continue
    rarest = label
    least = count
  }
  return rarest
}

const labelsOf = (labels: Labels) => Object.entries(labels).map(([key, value]) => `${key.length}:${key}${value}`)

const bySeq = (a: RegisteredSubscription, b: RegisteredSubscription) => a.seq - b.seq

function madeAt<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
