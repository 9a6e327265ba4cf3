import {
  type ApplicationSecretState,
  type ApplicationState,
  type ControlFact,
  cancelledBeforeSeq,
  type EventTypeState,
  type LaneCheckpoint,
  type OrganizationState,
  type ServiceTokenState,
  type SubscriptionState,
} from '../facts/control.ts'

/** A subscription and what follows from the place of its state in CONTROL. */
export interface RegisteredSubscription {
  state: SubscriptionState
  /** CONTROL sequence of `state`. */
  seq: number
  cancelledBeforeSeq: number
}

interface Sequenced<T> {
  state: T
  seq: number
}

/**
 * What CONTROL says, folded into memory: who may do what, which types exist, which subscriptions want which event.
 * Deleted things stay (they say *that* they are deleted); the look-ups by name and type hold live ones only.
 */
export interface Registry {
  /** The last CONTROL sequence folded in, 0 before the first. */
  readonly seq: number
  readonly organizations: ReadonlyMap<string, Sequenced<OrganizationState>>
  readonly applications: ReadonlyMap<string, Sequenced<ApplicationState>>
  readonly applicationSecretsByLookup: ReadonlyMap<string, Sequenced<ApplicationSecretState>>
  readonly serviceTokensByLookup: ReadonlyMap<string, Sequenced<ServiceTokenState>>
  readonly subscriptions: ReadonlyMap<string, RegisteredSubscription>
  readonly lanes: ReadonlyMap<number, LaneCheckpoint>
  /** An event type by its application and name, deactivated ones included. */
  eventType(applicationId: string, name: string): Sequenced<EventTypeState> | undefined
  /** The enabled subscriptions of an application that name this type. */
  subscriptionsOf(applicationId: string, eventType: string): readonly RegisteredSubscription[]
  evolve(fact: ControlFact, seq: number): void
}

const NONE: readonly RegisteredSubscription[] = []
const typeKey = (applicationId: string, eventType: string) => `${applicationId} ${eventType}`

export function createRegistry(): Registry {
  let lastSeq = 0
  const organizations = new Map<string, Sequenced<OrganizationState>>()
  const applications = new Map<string, Sequenced<ApplicationState>>()
  const applicationSecretsByLookup = new Map<string, Sequenced<ApplicationSecretState>>()
  const serviceTokensByLookup = new Map<string, Sequenced<ServiceTokenState>>()
  const eventTypes = new Map<string, Sequenced<EventTypeState>>()
  const subscriptions = new Map<string, RegisteredSubscription>()
  const lanes = new Map<number, LaneCheckpoint>()
  const subscriptionsByType = new Map<string, Map<string, RegisteredSubscription>>()
  const matchCache = new Map<string, readonly RegisteredSubscription[]>()

  function unindex(registered: RegisteredSubscription) {
    for (const name of registered.state.eventTypes) {
      const key = typeKey(registered.state.applicationId, name)
      const ofType = subscriptionsByType.get(key)
      ofType?.delete(registered.state.subscriptionId)
      if (ofType?.size === 0) subscriptionsByType.delete(key)
      matchCache.delete(key)
    }
  }

  function index(registered: RegisteredSubscription) {
    for (const name of registered.state.eventTypes) {
      const key = typeKey(registered.state.applicationId, name)
      const ofType = subscriptionsByType.get(key) ?? new Map<string, RegisteredSubscription>()
      subscriptionsByType.set(key, ofType)
      ofType.set(registered.state.subscriptionId, registered)
      matchCache.delete(key)
    }
  }

  function evolveSubscription(state: SubscriptionState, seq: number) {
    const before = subscriptions.get(state.subscriptionId)
    if (before) unindex(before)
    const registered = { state, seq, cancelledBeforeSeq: cancelledBeforeSeq(state, seq) }
    subscriptions.set(state.subscriptionId, registered)
    if (state.isEnabled && state.deletedAtMs === null) index(registered)
  }

  return {
    get seq() {
      return lastSeq
    },
    organizations,
    applications,
    applicationSecretsByLookup,
    serviceTokensByLookup,
    subscriptions,
    lanes,
    eventType: (applicationId, name) => eventTypes.get(typeKey(applicationId, name)),
    subscriptionsOf(applicationId, eventType) {
      const key = typeKey(applicationId, eventType)
      let list = matchCache.get(key)
      if (!list) {
        const ofType = subscriptionsByType.get(key)
        if (!ofType) return NONE
        list = [...ofType.values()]
        matchCache.set(key, list)
      }
      return list
    },
    evolve(fact, seq) {
      if (seq <= lastSeq) return
      switch (fact.type) {
        case 'organization':
          organizations.set(fact.organizationId, { state: fact, seq })
          break
        case 'application':
          applications.set(fact.applicationId, { state: fact, seq })
          break
        case 'application_secret':
          applicationSecretsByLookup.set(fact.lookup, { state: fact, seq })
          break
        case 'service_token':
          serviceTokensByLookup.set(fact.lookup, { state: fact, seq })
          break
        case 'event_type':
          eventTypes.set(typeKey(fact.applicationId, fact.name), { state: fact, seq })
          break
        case 'subscription':
          evolveSubscription(fact, seq)
          break
        case 'lane':
          lanes.set(fact.lane, fact)
          break
      }
      lastSeq = seq
    },
  }
}
