import type { JobProgress, JobState } from './job.ts'
import { CONTROL_SUBJECTS } from './subjects.ts'
import { type Upcasters, upcast } from './versions.ts'

/** Who made a change: a credential, a person, the operator's master key, or jethook itself. */
export interface Actor {
  kind: 'user' | 'service_token' | 'application_secret' | 'master' | 'system'
  id: string
}

interface ControlFactBase {
  v: 1
  changedAtMs: number
  changedBy: Actor
}

/** What is counted for an organisation; null: the server's default. */
export interface OrganizationQuotas {
  members: number | null
  applications: number | null
  eventsPerDay: number | null
  daysOfEventsRetention: number | null
  subscriptionsPerApplication: number | null
  eventTypesPerApplication: number | null
}

/** What is counted for one application; null: its organisation's. */
export interface ApplicationQuotas {
  eventsPerDay: number | null
  daysOfEventsRetention: number | null
  /** For how long deliveries that have ended are shown, with their attempts; absent: as long as the server says. */
  daysOfAttemptsRetention?: number | null
  /** For how long open dead letters can be redriven; absent: as long as the server says. */
  daysOfDeadLettersRetention?: number | null
}

export interface OrganizationState extends ControlFactBase {
  type: 'organization'
  organizationId: string
  name: string
  quotas: OrganizationQuotas
  createdAtMs: number
  deletedAtMs: number | null
}

export const ROLES = ['viewer', 'editor'] as const
export type Role = (typeof ROLES)[number]

/** A user belongs to an organisation. */
export interface MembershipState extends ControlFactBase {
  type: 'membership'
  organizationId: string
  userId: string
  role: Role
  createdAtMs: number
  deletedAtMs: number | null
}

/** A link that was mailed: found by the keyed hash of its token. */
export interface MailedToken {
  lookup: string
  expiresAtMs: number
}

export interface UserState extends ControlFactBase {
  type: 'user'
  userId: string
  /** As it was given: addresses are compared exactly. Empty once the user is deleted, like the names. */
  email: string
  firstName: string
  lastName: string
  /** PHC string; empty once the user is deleted. */
  passwordHash: string
  emailVerifiedAtMs: number | null
  /** Kept after its use, so that a second one is told "verified already". */
  verifyToken: MailedToken | null
  resetToken: MailedToken | null
  /** Of a link that signs in without a password, once; null or absent: there is none. */
  signInToken?: MailedToken | null
  /** When the last mails of each kind were sent, the newest last: they are limited. */
  verifyMailsAtMs: number[]
  resetMailsAtMs: number[]
  /** Sessions that began at or before this have ended. */
  sessionsEndedAtMs: number
  createdAtMs: number
  deletedAtMs: number | null
}

/** Claims an e-mail address for one user: of two registrations at once one is refused. */
export interface UserEmailState extends ControlFactBase {
  type: 'user_email'
  /** Keyed hash of the address. */
  lookup: string
  /** Null: free again. */
  userId: string | null
}

/**
 * A login. Each user has a fixed number of places for sessions, so that logins don't fill the stream; a new one takes
 * the place that has been idle for the longest time.
 */
export interface SessionState extends ControlFactBase {
  type: 'session'
  userId: string
  slot: number
  sessionId: string
  startedAtMs: number
  /** The tokens that still count, the newest last. */
  access: MailedToken[]
  /** Used up by the next refresh, which writes the next state: two uses at once can't both succeed. */
  refresh: MailedToken
  endedAtMs: number | null
}

export interface ApplicationState extends ControlFactBase {
  type: 'application'
  applicationId: string
  organizationId: string
  name: string
  quotas: ApplicationQuotas
  /** It holds jethook's own events: only jethook posts into it, and what happens in it makes no further ones. */
  isOperational: boolean
  createdAtMs: number
  deletedAtMs: number | null
}

/** `lookup` is a keyed hash of the secret, `sealed` the secret itself, encrypted. */
export interface ApplicationSecretState extends ControlFactBase {
  type: 'application_secret'
  lookup: string
  sealed: string
  applicationId: string
  organizationId: string
  name: string | null
  createdAtMs: number
  deletedAtMs: number | null
}

/** `lookup` is a keyed hash of the token, `sealed` the token itself, encrypted. */
export interface ServiceTokenState extends ControlFactBase {
  type: 'service_token'
  tokenId: string
  lookup: string
  sealed: string
  organizationId: string
  name: string
  createdAtMs: number
  deletedAtMs: number | null
}

export interface EventTypeState extends ControlFactBase {
  type: 'event_type'
  applicationId: string
  /** Empty in facts of the first release. */
  organizationId: string
  /** `service.resourceType.verb` */
  name: string
  service: string
  resourceType: string
  verb: string
  /** JSON Schema that payloads must satisfy; null: any payload. */
  schema: JsonSchema | null
  /** Counts the schemas that the type has had; 0 before the first. */
  schemaVersion: number
  createdAtMs: number
  deactivatedAtMs: number | null
}

export type JsonSchema = boolean | Record<string, unknown>

export const HTTP_METHODS = ['GET', 'PATCH', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD'] as const
export type HttpMethod = (typeof HTTP_METHODS)[number]

export interface SubscriptionState extends ControlFactBase {
  type: 'subscription'
  subscriptionId: string
  applicationId: string
  organizationId: string
  isEnabled: boolean
  eventTypes: string[]
  labels: Record<string, string>
  description: string | null
  metadata: Record<string, string>
  /** `url` is the target's origin alone: paths and queries are often secrets, and stand in `sealed`. */
  target: { method: HttpMethod; url: string }
  /** `SubscriptionSecrets`, encrypted: target headers often carry a receiver's credentials. */
  sealed: string
  /** Retries after the first attempt; null: the server's default. */
  maxRetries: number | null
  /** Beyond `maxRetries`; null: the server's default. */
  retryPolicy: SubscriptionRetryPolicy | null
  /** Events whose document doesn't satisfy it are not delivered; null: all are. */
  filter: PayloadFilter | null
  createdAtMs: number
  updatedAtMs: number
  deletedAtMs: number | null
  /** Since when nothing is sent to it; null: not paused. What comes due meanwhile waits, no attempt is used up. */
  pausedAtMs: number | null
  /** How many requests a second what has piled up is sent with; null: as fast as the receiver takes them. */
  drainPerSecond: number | null
  /** Requests under way at once; null: the server's default. */
  concurrencyMax: number | null
  rateLimit: { requests: number; perMs: number } | null
  ordering: Ordering | null
  /** Asks the receiver for its consent before anything is sent to it; null or absent: it isn't asked. */
  handshake?: HandshakeWish | null
  /** Counts the addresses that the target has had, one after the other: consent is given for one; absent: 0. */
  targetVersion?: number
  /** Why jethook itself has disabled it; null: it is enabled, or a person has disabled it. */
  disabledBecause: { reason: 'failing' | 'gone'; sinceMs: number } | null
  /** How its requests are signed; absent: as the server's setting says. */
  signatures?: SignatureKind[]
  /** When its secrets were last replaced, and until when those before sign too; absent: never. */
  secretRotation?: { atMs: number; previousUntilMs: number }
  /** CONTROL sequence of the last *earlier* state that was disabled or deleted, 0 if none: see `cancelledBeforeSeq`. */
  lastCancelledSeq: number
}

/** One delivery after the other, in the order in which the events were accepted. */
export interface Ordering {
  /** What must be in order: all events of the subscription, or those of one value of a label or of a payload's field. */
  by: { type: 'subscription' } | { type: 'label'; name: string } | { type: 'field'; path: string }
  /** What a dead letter does to those behind it: they wait until it is skipped or redriven, or they go on. */
  onDeadLetter: 'block' | 'pass'
}

/** What a receiver is asked for by CloudEvents' validation request. */
export interface HandshakeWish {
  /** Requests a minute; null: no rate is asked for. */
  ratePerMinute: number | null
}

/** A JSON object in the language of docs/filters.md. */
export type PayloadFilter = Record<string, unknown>

/** A single status, or a class such as `4xx`. */
export type StatusPattern = number | `${1 | 2 | 3 | 4 | 5}xx`

/** What a subscription says about retries otherwise than the server; null or empty: as the server does. */
export interface SubscriptionRetryPolicy {
  /** Delays in ms before the 1st, 2nd, … retry; the last one repeats. */
  scheduleMs: number[] | null
  /** `baseMs × factor^n`, at most `capMs`. */
  exponential: { baseMs: number; factor: number; capMs: number } | null
  jitterRatio: number | null
  /** Answers that are final; `retry_all`: none but 2xx. */
  permanentStatuses: StatusPattern[] | 'retry_all'
  retryableStatuses: StatusPattern[]
  timeoutMs: number | null
}

export const SIGNATURE_KINDS = ['hook0-v0', 'hook0-v1', 'standard-v1', 'standard-v1a'] as const
/** Hook0's header, or one of Standard Webhooks' signatures: HMAC-SHA256 (v1), ed25519 (v1a). */
export type SignatureKind = (typeof SIGNATURE_KINDS)[number]

/** Of Standard Webhooks: 32 random bytes each, in base64. */
export interface StandardKeys {
  hmacKey: string
  ed25519Seed: string
}

/** What a subscription's requests are signed with. */
export interface SigningSecrets {
  /** Hook0's, as text. */
  secret: string
  /** Absent where nobody has written the subscription since there are such keys. */
  standard?: StandardKeys
}

/** What `SubscriptionState.sealed` holds, as JSON. */
export interface SubscriptionSecrets extends SigningSecrets {
  /** From before the last rotation: they sign until `secretRotation.previousUntilMs`. */
  previous?: SigningSecrets
  targetHeaders: Record<string, string>
  /** Absent in states of the first version, whose `target.url` is the whole address. */
  targetUrl?: string
  /** Certificates in PEM; absent: none of its own. */
  tls?: { ca: string | null; certificate: string | null; key: string | null }
}

/** Somebody was shown a subscription's secrets: for the audit log alone. */
export interface SecretReveal extends ControlFactBase {
  type: 'secret_reveal'
  subscriptionId: string
  applicationId: string
  organizationId: string
}

/** Written with each thing that is counted against a quota of the scope, so that no two are counted at once. */
export interface QuotaGuard extends ControlFactBase {
  type: 'quota_guard'
  /** An organisation or an application. */
  scopeId: string
}

/** How far a lane's owner has come: it never goes further back than this, whatever the consumer says after a crash. */
export interface LaneCheckpoint {
  v: 1
  type: 'lane'
  lane: number
  /** All deliveries of the lane up to this LEDGER sequence are dealt with. */
  ledgerSeq: number
  /** All due messages of the lane up to this WAITING sequence are dealt with. */
  waitingSeq: number
  /** Attempts of whatever comes after those stand in LEDGER after this sequence, if at all. */
  attemptsAfterLedgerSeq: number
}

/** Which process serves a lane: one at a time, so that caps and order hold for the whole system. */
export interface LaneOwner {
  v: 1
  type: 'lane_owner'
  lane: number
  /** Null: nobody, it was given back. */
  ownerId: string | null
  changedAtMs: number
}

/** What is known of a subscription's receiver that must outlive a process. Written by the owner of its lane. */
export interface ReceiverState {
  v: 1
  type: 'receiver'
  subscriptionId: string
  applicationId: string
  organizationId: string
  /** Open: it gets nothing but a probe now and then; the rest waits. */
  breaker: { state: 'closed' } | { state: 'open'; sinceMs: number; reason: 'failures' | 'time-outs' }
  /** Until when the receiver has asked to be left alone; null: it hasn't. */
  holdUntilMs: number | null
  /** The address that this is known of: `SubscriptionState.targetVersion`; absent: 0. */
  targetVersion?: number
  /** Since when there has been nothing but failures; null: the last answer was a success, or nothing was noted. */
  failingSinceMs: number | null
  changedAtMs: number
}

/** What a receiver has said when it was asked for its consent. Written by the owner of the subscription's lane. */
export interface HandshakeState {
  v: 1
  type: 'handshake'
  subscriptionId: string
  applicationId: string
  organizationId: string
  /** Of the target that was asked: `SubscriptionState.targetVersion`. */
  targetVersion: number
  result: HandshakeResult
  changedAtMs: number
}

export type HandshakeResult =
  /** @param ratePerMinute Requests a minute at the most; null: as many as there are. */
  | { state: 'granted'; ratePerMinute: number | null }
  /** It is asked again at `retryAtMs`. */
  | { state: 'refused'; reason: string; refusals: number; retryAtMs: number }

/** Whatever a subscription had open is called off, though it goes on: the latest such request of a person. */
export interface CancellationState extends ControlFactBase {
  type: 'cancellation'
  subscriptionId: string
  applicationId: string
  organizationId: string
}

/** What people do to events and deliveries, beside changing what CONTROL is about. */
export const AUDITED_ACTIONS = ['replayed', 'withdrawn', 'cancelled', 'skipped'] as const

/** Somebody has asked for such an action: for the audit log alone, whatever LEDGER says of what came of it. */
export interface ActionAsked extends ControlFactBase {
  type: 'action'
  applicationId: string
  organizationId: string
  /** They take turns, so that none is forgotten here before it is copied, and CONTROL does not fill up. */
  slot: number
  action: (typeof AUDITED_ACTIONS)[number]
  resourceKind: 'event' | 'delivery'
  resourceId: string
}

/** How far the notifier has come in one stream. */
export interface NotifierPosition {
  v: 1
  type: 'notifier'
  stream: 'LEDGER' | 'CONTROL'
  /** What follows from the facts up to this sequence is appended and mailed. */
  seq: number
  /** From here on facts are read again to count those of the minute that isn't over. */
  refoldFromSeq: number
}

export type ControlFact =
  | OrganizationState
  | MembershipState
  | UserState
  | UserEmailState
  | SessionState
  | ApplicationState
  | ApplicationSecretState
  | ServiceTokenState
  | EventTypeState
  | SubscriptionState
  | SecretReveal
  | QuotaGuard
  | LaneCheckpoint
  | LaneOwner
  | ReceiverState
  | HandshakeState
  | CancellationState
  | ActionAsked
  | NotifierPosition
  | JobState
  | JobProgress

/** The subject that holds the thing's state. */
export function controlSubject(fact: ControlFact): string {
  switch (fact.type) {
    case 'organization':
      return CONTROL_SUBJECTS.organization(fact.organizationId)
    case 'membership':
      return CONTROL_SUBJECTS.membership(fact.organizationId, fact.userId)
    case 'user':
      return CONTROL_SUBJECTS.user(fact.userId)
    case 'user_email':
      return CONTROL_SUBJECTS.userEmail(fact.lookup)
    case 'session':
      return CONTROL_SUBJECTS.session(fact.userId, fact.slot)
    case 'application':
      return CONTROL_SUBJECTS.application(fact.applicationId)
    case 'application_secret':
      return CONTROL_SUBJECTS.applicationSecret(fact.lookup)
    case 'service_token':
      return CONTROL_SUBJECTS.serviceToken(fact.tokenId)
    case 'event_type':
      return CONTROL_SUBJECTS.eventType(fact.applicationId, fact.name)
    case 'subscription':
      return CONTROL_SUBJECTS.subscription(fact.subscriptionId)
    case 'secret_reveal':
      return CONTROL_SUBJECTS.secretReveal(fact.subscriptionId)
    case 'quota_guard':
      return CONTROL_SUBJECTS.quotaGuard(fact.scopeId)
    case 'lane':
      return CONTROL_SUBJECTS.lane(fact.lane)
    case 'lane_owner':
      return CONTROL_SUBJECTS.laneOwner(fact.lane)
    case 'receiver':
      return CONTROL_SUBJECTS.receiver(fact.subscriptionId)
    case 'handshake':
      return CONTROL_SUBJECTS.handshake(fact.subscriptionId)
    case 'cancellation':
      return CONTROL_SUBJECTS.cancellation(fact.subscriptionId)
    case 'action':
      return CONTROL_SUBJECTS.action(fact.applicationId, fact.slot)
    case 'notifier':
      return CONTROL_SUBJECTS.notifier(fact.stream)
    case 'job':
      return CONTROL_SUBJECTS.job(fact.applicationId, fact.slot)
    case 'job_progress':
      return CONTROL_SUBJECTS.jobProgress(fact.applicationId, fact.slot)
  }
}

export const NO_ORGANIZATION_QUOTAS: OrganizationQuotas = {
  members: null,
  applications: null,
  eventsPerDay: null,
  daysOfEventsRetention: null,
  subscriptionsPerApplication: null,
  eventTypesPerApplication: null,
}
export const NO_APPLICATION_QUOTAS: ApplicationQuotas = { eventsPerDay: null, daysOfEventsRetention: null }

/** What facts of the first release lack, by kind. */
const ADDED_LATER: Record<ControlFact['type'], Record<string, unknown>> = {
  organization: { quotas: NO_ORGANIZATION_QUOTAS, deletedAtMs: null },
  membership: {},
  user: {},
  user_email: {},
  session: {},
  application: { quotas: NO_APPLICATION_QUOTAS, isOperational: false },
  application_secret: {},
  service_token: {},
  event_type: { organizationId: '', schema: null, schemaVersion: 0 },
  subscription: {
    retryPolicy: null,
    filter: null,
    pausedAtMs: null,
    drainPerSecond: null,
    concurrencyMax: null,
    rateLimit: null,
    ordering: null,
    disabledBecause: null,
    handshake: null,
    targetVersion: 0,
  },
  secret_reveal: {},
  quota_guard: {},
  lane: {},
  lane_owner: {},
  receiver: {},
  handshake: {},
  cancellation: {},
  action: {},
  notifier: {},
  job: {},
  job_progress: {},
}

/** What has no time of creation and nothing that came later. */
const PLAIN = new Set<ControlFact['type']>([
  'lane',
  'lane_owner',
  'receiver',
  'handshake',
  'cancellation',
  'action',
  'notifier',
  'job_progress',
])

/** None yet: all are in their first version. */
const UPCASTERS: Upcasters = {}

/** Every kind that there is. */
export const CONTROL_TYPES = Object.keys(ADDED_LATER) as ControlFact['type'][]

/**
 * Facts of earlier releases are brought to today's shape.
 * @throws {Error} when `text` is no fact of a known kind and version.
 */
export function decodeControlFact(text: string): ControlFact {
  const stored = JSON.parse(text) as ControlFact
  if (!Object.hasOwn(ADDED_LATER, stored.type))
    throw new Error(`CONTROL holds a fact of the unknown kind ${String(stored.type)}`)
  const fact = upcast<ControlFact>('CONTROL', stored, UPCASTERS)
  if (PLAIN.has(fact.type)) return fact
  return { ...ADDED_LATER[fact.type], createdAtMs: (fact as ControlFactBase).changedAtMs, ...fact } as ControlFact
}

/** Deliveries that were matched with an older CONTROL sequence than this are cancelled. */
export function cancelledBeforeSeq(subscription: SubscriptionState, seq: number): number {
  return subscription.isEnabled && subscription.deletedAtMs === null ? subscription.lastCancelledSeq : seq
}
