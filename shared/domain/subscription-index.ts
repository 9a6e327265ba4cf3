import type { SubscriptionState } from '../facts/control.ts'
import { isPattern, matchesPattern } from './event-type-pattern.ts'
import type { RegisteredSubscription } from './registry.ts'

/** Finds the enabled subscriptions of an application that want a type, by name or by pattern. */
export interface SubscriptionIndex {
  add(registered: RegisteredSubscription): void
  remove(registered: RegisteredSubscription): void
  find(applicationId: string, eventType: string): readonly RegisteredSubscription[]
}

/** What one application's subscriptions want. `found` remembers answers until one of them changes. */
interface OfApplication {
  byName: Map<string, Map<string, RegisteredSubscription>>
  withPatterns: Map<string, RegisteredSubscription>
  found: Map<string, readonly RegisteredSubscription[]>
}

const NONE: readonly RegisteredSubscription[] = []
/** Answers that are remembered for one application: its types, and whatever names are asked for besides. */
const FOUND_MAX = 2_000

export function createSubscriptionIndex(): SubscriptionIndex {
  const applications = new Map<string, OfApplication>()

  function ofApplication({ applicationId }: SubscriptionState): OfApplication {
    const known = applications.get(applicationId)
    if (known) return known
    const made: OfApplication = { byName: new Map(), withPatterns: new Map(), found: new Map() }
    applications.set(applicationId, made)
    return made
  }

  return {
    add(registered) {
      const { subscriptionId, eventTypes } = registered.state
      const { byName, withPatterns, found } = ofApplication(registered.state)
      for (const name of eventTypes) {
        if (isPattern(name)) {
          withPatterns.set(subscriptionId, registered)
          found.clear()
          continue
        }
        const ofName = byName.get(name) ?? new Map<string, RegisteredSubscription>()
        byName.set(name, ofName)
        ofName.set(subscriptionId, registered)
        found.delete(name)
      }
    },
    remove({ state }) {
      const { byName, withPatterns, found } = ofApplication(state)
      if (withPatterns.delete(state.subscriptionId)) found.clear()
      for (const name of state.eventTypes) {
        const ofName = byName.get(name)
        ofName?.delete(state.subscriptionId)
        if (ofName?.size === 0) byName.delete(name)
        found.delete(name)
      }
    },
    find(applicationId, eventType) {
      const application = applications.get(applicationId)
      if (!application) return NONE
      const known = application.found.get(eventType)
      if (known) return known
      const list = new Map(application.byName.get(eventType))
      for (const [id, registered] of application.withPatterns) {
        if (registered.state.eventTypes.some((name) => isPattern(name) && matchesPattern(eventType, name)))
          list.set(id, registered)
      }
      if (application.found.size >= FOUND_MAX) application.found.clear()
      const found = list.size === 0 ? NONE : [...list.values()]
      application.found.set(eventType, found)
      return found
    },
  }
}
