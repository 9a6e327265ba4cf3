import {
  type ApplicationSecretState,
  type ApplicationState,
  type ControlFact,
  cancelledBeforeSeq,
  type EventTypeState,
  type HandshakeState,
  type LaneCheckpoint,
  type LaneOwner,
  type OrganizationState,
  type ReceiverState,
  type ServiceTokenState,
  type SubscriptionState,
} from '../facts/control.ts'
import { type CompiledFilter, compileFilter } from './payload-filter.ts'
import { type Accounts, createAccounts } from './registry-accounts.ts'
import { createJobs, type Jobs } from './registry-jobs.ts'
import { createSubscriptionIndex } from './subscription-index.ts'

/** A subscription and what follows from the place of its state in CONTROL. */
export interface RegisteredSubscription {
  state: SubscriptionState
  /** CONTROL sequence of `state`. */
  seq: number
  /** Also counts the end of its application, and a request to call off what is open. */
  cancelledBeforeSeq: number
  filter: CompiledFilter | null
}

export interface Sequenced<T> {
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
  readonly accounts: Accounts
  readonly jobs: Jobs
  readonly organizations: ReadonlyMap<string, Sequenced<OrganizationState>>
  readonly applications: ReadonlyMap<string, Sequenced<ApplicationState>>
  readonly applicationSecretsByLookup: ReadonlyMap<string, Sequenced<ApplicationSecretState>>
  readonly serviceTokens: ReadonlyMap<string, Sequenced<ServiceTokenState>>
  readonly serviceTokensByLookup: ReadonlyMap<string, Sequenced<ServiceTokenState>>
  readonly subscriptions: ReadonlyMap<string, RegisteredSubscription>
  readonly lanes: ReadonlyMap<number, LaneCheckpoint>
  readonly laneOwners: ReadonlyMap<number, Sequenced<LaneOwner>>
  /** By subscription; absent: nothing out of the ordinary is known. */
  readonly receivers: ReadonlyMap<string, Sequenced<ReceiverState>>
  /** By subscription; absent: its receiver was never asked for its consent. */
  readonly handshakes: ReadonlyMap<string, HandshakeState>
  /** CONTROL sequences of the latest guards, by scope. */
  readonly quotaGuards: ReadonlyMap<string, number>
  /** The live application that holds jethook's own events about an organisation, if it has asked for one. */
  operationalApplicationOf(organizationId: string): ApplicationState | null
  applicationsOf(organizationId: string): readonly Sequenced<ApplicationState>[]
  applicationSecretsOf(applicationId: string): readonly Sequenced<ApplicationSecretState>[]
  serviceTokensOf(organizationId: string): readonly Sequenced<ServiceTokenState>[]
  /** An event type by its application and name, deactivated ones included. */
  eventType(applicationId: string, name: string): Sequenced<EventTypeState> | undefined
  /** Of an application, deactivated ones included. */
  eventTypesOf(applicationId: string): readonly Sequenced<EventTypeState>[]
  /** All subscriptions of an application, disabled and deleted ones included. */
  allSubscriptionsOf(applicationId: string): readonly RegisteredSubscription[]
  /** How many subscriptions an application has, disabled ones included, deleted ones not. */
  subscriptionCountOf(applicationId: string): number
  /** The enabled subscriptions of a live application that want this type, by name or by pattern, and at least one of the labels. */
  subscriptionsOf(
    applicationId: string,
    eventType: string,
    labels: Record<string, string>,
  ): readonly RegisteredSubscription[]
  evolve(fact: ControlFact, seq: number): void
}

/** Things by what they belong to. */
function createGroups<T>() {
  const groups = new Map<string, Map<string, T>>()
  return {
    put(group: string, key: string, value: T) {
      const ofGroup = groups.get(group) ?? new Map<string, T>()
      groups.set(group, ofGroup)
      ofGroup.set(key, value)
    },
    get: (group: string, key: string): T | undefined => groups.get(group)?.get(key),
    of: (group: string): T[] => [...(groups.get(group)?.values() ?? [])],
  }
}

const livesOf = ({ deletedAtMs }: SubscriptionState) => (deletedAtMs === null ? 1 : 0)

export function createRegistry(): Registry {
  let lastSeq = 0
  const accounts = createAccounts()
  const jobs = createJobs()
  const organizations = new Map<string, Sequenced<OrganizationState>>()
  const applications = new Map<string, Sequenced<ApplicationState>>()
  const applicationsByOrganization = createGroups<Sequenced<ApplicationState>>()
  const applicationSecretsByLookup = new Map<string, Sequenced<ApplicationSecretState>>()
  const secretsByApplication = createGroups<Sequenced<ApplicationSecretState>>()
  const serviceTokens = new Map<string, Sequenced<ServiceTokenState>>()
  const serviceTokensByLookup = new Map<string, Sequenced<ServiceTokenState>>()
  const tokensByOrganization = createGroups<Sequenced<ServiceTokenState>>()
  const eventTypes = createGroups<Sequenced<EventTypeState>>()
  const subscriptions = new Map<string, RegisteredSubscription>()
  const subscriptionsByApplication = createGroups<RegisteredSubscription>()
  /** Of those that are not deleted, by application. */
  const subscriptionCounts = new Map<string, number>()
  const lanes = new Map<number, LaneCheckpoint>()
  const laneOwners = new Map<number, Sequenced<LaneOwner>>()
  const receivers = new Map<string, Sequenced<ReceiverState>>()
  const handshakes = new Map<string, HandshakeState>()
  /** CONTROL sequences of the latest requests to call off what is open, by subscription. */
  const calledOffSeqs = new Map<string, number>()
  const quotaGuards = new Map<string, number>()
  const wanted = createSubscriptionIndex()

  /** From when on nothing of the application is delivered any more. */
  const endOfApplication = (applicationId: string): number => {
    const application = applications.get(applicationId)
    return application === undefined || application.state.deletedAtMs === null ? 0 : application.seq
  }

  function register(state: SubscriptionState, seq: number, filter: CompiledFilter | null) {
    const before = subscriptions.get(state.subscriptionId)
    if (before) wanted.remove(before)
    const more = livesOf(state) - (before ? livesOf(before.state) : 0)
    subscriptionCounts.set(state.applicationId, (subscriptionCounts.get(state.applicationId) ?? 0) + more)
    const endSeq = endOfApplication(state.applicationId)
    const calledOffSeq = calledOffSeqs.get(state.subscriptionId) ?? 0
    const beforeSeq = Math.max(cancelledBeforeSeq(state, seq), endSeq, calledOffSeq)
    const registered = { state, seq, filter, cancelledBeforeSeq: beforeSeq }
    subscriptions.set(state.subscriptionId, registered)
    subscriptionsByApplication.put(state.applicationId, state.subscriptionId, registered)
    if (state.isEnabled && state.deletedAtMs === null && endSeq === 0) wanted.add(registered)
  }

  function evolveApplication(state: ApplicationState, seq: number) {
    const registered = { state, seq }
    applications.set(state.applicationId, registered)
    applicationsByOrganization.put(state.organizationId, state.applicationId, registered)
    if (state.deletedAtMs === null) return
    for (const each of subscriptionsByApplication.of(state.applicationId)) register(each.state, each.seq, each.filter)
  }

  function evolveCancellation(subscriptionId: string, seq: number) {
    calledOffSeqs.set(subscriptionId, seq)
    const registered = subscriptions.get(subscriptionId)
    if (registered) register(registered.state, registered.seq, registered.filter)
  }

  return {
    get seq() {
      return lastSeq
    },
    accounts,
    jobs,
    organizations,
    applications,
    applicationSecretsByLookup,
    serviceTokens,
    serviceTokensByLookup,
    subscriptions,
    lanes,
    laneOwners,
    receivers,
    handshakes,
    quotaGuards,
    operationalApplicationOf: (organizationId) =>
      applicationsByOrganization
        .of(organizationId)
        .find(({ state }) => state.isOperational && state.deletedAtMs === null)?.state ?? null,
    applicationsOf: (organizationId) => applicationsByOrganization.of(organizationId),
    applicationSecretsOf: (applicationId) => secretsByApplication.of(applicationId),
    serviceTokensOf: (organizationId) => tokensByOrganization.of(organizationId),
    eventType: (applicationId, name) => eventTypes.get(applicationId, name),
    eventTypesOf: (applicationId) => eventTypes.of(applicationId),
    allSubscriptionsOf: (applicationId) => subscriptionsByApplication.of(applicationId),
    subscriptionCountOf: (applicationId) => subscriptionCounts.get(applicationId) ?? 0,
    subscriptionsOf: (applicationId, eventType, labels) => wanted.find(applicationId, eventType, labels),
    evolve(fact, seq) {
      if (seq <= lastSeq) return
      switch (fact.type) {
        case 'organization':
          organizations.set(fact.organizationId, { state: fact, seq })
          break
        case 'application':
          evolveApplication(fact, seq)
          break
        case 'application_secret':
          applicationSecretsByLookup.set(fact.lookup, { state: fact, seq })
          secretsByApplication.put(fact.applicationId, fact.lookup, { state: fact, seq })
          break
        case 'service_token':
          serviceTokens.set(fact.tokenId, { state: fact, seq })
          serviceTokensByLookup.set(fact.lookup, { state: fact, seq })
          tokensByOrganization.put(fact.organizationId, fact.tokenId, { state: fact, seq })
          break
        case 'event_type':
          eventTypes.put(fact.applicationId, fact.name, { state: fact, seq })
          break
        case 'subscription':
          register(fact, seq, fact.filter === null ? null : compileFilter(fact.filter))
          break
        case 'lane':
          lanes.set(fact.lane, fact)
          break
        case 'lane_owner':
          laneOwners.set(fact.lane, { state: fact, seq })
          break
        case 'receiver':
          receivers.set(fact.subscriptionId, { state: fact, seq })
          break
        case 'handshake':
          handshakes.set(fact.subscriptionId, fact)
          break
        case 'cancellation':
          evolveCancellation(fact.subscriptionId, seq)
          break
        case 'quota_guard':
          quotaGuards.set(fact.scopeId, seq)
          break
        case 'notifier':
        case 'secret_reveal':
        case 'action':
          break
        case 'job':
        case 'job_progress':
          jobs.evolve(fact, seq)
          break
        case 'membership':
        case 'session':
        case 'user':
        case 'user_email':
          accounts.evolve(fact, seq)
          break
      }
      lastSeq = seq
    },
  }
}
