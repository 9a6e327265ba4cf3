import { CONTROL_SUBJECTS } from './subjects.ts'

/** Who made a change: a service token, an application secret, or jethook itself. */
export interface Actor {
  kind: 'service_token' | 'application_secret' | 'system'
  id: string
}

interface ControlFactBase {
  v: 1
  changedAtMs: number
  changedBy: Actor
}

export interface OrganizationState extends ControlFactBase {
  type: 'organization'
  organizationId: string
  name: string
}

export interface ApplicationState extends ControlFactBase {
  type: 'application'
  applicationId: string
  organizationId: string
  name: string
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
  /** `service.resourceType.verb` */
  name: string
  service: string
  resourceType: string
  verb: string
  deactivatedAtMs: number | null
}

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
  target: { method: HttpMethod; url: string }
  /** `SubscriptionSecrets`, encrypted: target headers often carry a receiver's credentials. */
  sealed: string
  /** Retries after the first attempt; null: the server's default. */
  maxRetries: number | null
  createdAtMs: number
  updatedAtMs: number
  deletedAtMs: number | null
  /** CONTROL sequence of the last *earlier* state that was disabled or deleted, 0 if none: see `cancelledBeforeSeq`. */
  lastCancelledSeq: number
}

/** What `SubscriptionState.sealed` holds, as JSON. */
export interface SubscriptionSecrets {
  secret: string
  targetHeaders: Record<string, string>
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

export type ControlFact =
  | OrganizationState
  | ApplicationState
  | ApplicationSecretState
  | ServiceTokenState
  | EventTypeState
  | SubscriptionState
  | LaneCheckpoint

/** The subject that holds the thing's state. */
export function controlSubject(fact: ControlFact): string {
  switch (fact.type) {
    case 'organization':
      return CONTROL_SUBJECTS.organization(fact.organizationId)
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
    case 'lane':
      return CONTROL_SUBJECTS.lane(fact.lane)
  }
}

const CONTROL_TYPES = new Set([
  'organization',
  'application',
  'application_secret',
  'service_token',
  'event_type',
  'subscription',
  'lane',
])

/** @throws {Error} when `text` is no fact of a known kind and version. */
export function decodeControlFact(text: string): ControlFact {
  const fact = JSON.parse(text) as ControlFact
  if (fact.v !== 1 || !CONTROL_TYPES.has(fact.type)) {
    throw new Error(`CONTROL holds a fact of the unknown kind ${String(fact.type)}, version ${String(fact.v)}`)
  }
  return fact
}

/** Deliveries that were matched with an older CONTROL sequence than this are cancelled. */
export function cancelledBeforeSeq(subscription: SubscriptionState, seq: number): number {
  return subscription.isEnabled && subscription.deletedAtMs === null ? subscription.lastCancelledSeq : seq
}
