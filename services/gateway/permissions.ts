import type { Role } from '#shared/facts/control.ts'

/** Who may do something, and what it is done to. */
export type Rule =
  /** Something of an application: also by its secrets. */
  | { scope: 'application'; role: Role }
  | { scope: 'organization'; role: Role }
  /** By any credential that stands for a whole organisation or a person. */
  | { scope: 'account' }
  /** By a user, about themselves. */
  | { scope: 'user' }
  | { scope: 'master' }
  /** With a refresh token alone. */
  | { scope: 'refresh' }
  /** Without a credential. */
  | { scope: 'public' }

type Shared = 'application' | 'organization'
const viewer = <const Scope extends Shared>(scope: Scope) => ({ scope, role: 'viewer' }) as const
const editor = <const Scope extends Shared>(scope: Scope) => ({ scope, role: 'editor' }) as const

/** Every action of the API: the one source of who may do what (contract, behaviour.md §1), for code, tests and docs. */
export const ACTIONS = {
  'organization.list': { scope: 'account' },
  'organization.create': { scope: 'user' },
  'organization.get': viewer('organization'),
  'organization.edit': editor('organization'),
  'organization.delete': editor('organization'),
  'organization.invite': editor('organization'),
  'organization.revoke': editor('organization'),
  'organization.edit_role': editor('organization'),
  'organization.edit_quotas': { scope: 'master' },
  'system.get': { scope: 'account' },
  'audit.list': editor('organization'),
  'service_token.list': editor('organization'),
  'service_token.create': editor('organization'),
  'service_token.get': editor('organization'),
  'service_token.edit': editor('organization'),
  'service_token.delete': editor('organization'),
  'application.list': viewer('organization'),
  'application.create': editor('organization'),
  'application.create_operational': editor('organization'),
  'application.get': viewer('application'),
  'application.edit': editor('application'),
  'application.delete': editor('application'),
  'application.edit_quotas': { scope: 'master' },
  'application_secret.list': editor('application'),
  'application_secret.create': editor('application'),
  'application_secret.edit': editor('application'),
  'application_secret.delete': editor('application'),
  'overview.get': viewer('application'),
  'search.get': viewer('application'),
  'live.follow': viewer('application'),
  'event_type.list': viewer('application'),
  'event_type.get': viewer('application'),
  'event_type.create': editor('application'),
  'event_type.delete': editor('application'),
  'subscription.list': viewer('application'),
  'subscription.get': viewer('application'),
  'subscription.create': editor('application'),
  'subscription.edit': editor('application'),
  'subscription.delete': editor('application'),
  'subscription.pause': editor('application'),
  'subscription.test': editor('application'),
  'subscription.reveal_secret': editor('application'),
  'subscription.rotate_secret': editor('application'),
  'subscription.try_filter': viewer('application'),
  'event.list': viewer('application'),
  'event.get': viewer('application'),
  'event.ingest': editor('application'),
  'event.replay': editor('application'),
  'event.cancel': editor('application'),
  'event.timeline': viewer('application'),
  'rejection.list': viewer('application'),
  'dead_letter.list': viewer('application'),
  'dead_letter.get': viewer('application'),
  'dead_letter.redrive': editor('application'),
  'dead_letter.discard': editor('application'),
  'redrive.list': viewer('application'),
  'redrive.get': viewer('application'),
  'redrive.create': editor('application'),
  'redrive.control': editor('application'),
  'discard.list': viewer('application'),
  'discard.get': viewer('application'),
  'discard.create': editor('application'),
  'discard.control': editor('application'),
  'replay.list': viewer('application'),
  'replay.get': viewer('application'),
  'replay.create': editor('application'),
  'replay.control': editor('application'),
  'delivery.cancel': editor('application'),
  'delivery.skip': editor('application'),
  'request_attempt.list': viewer('application'),
  'request_attempt.get': viewer('application'),
  'response.get': viewer('application'),
  'events_per_day.application': viewer('application'),
  'events_per_day.organization': viewer('organization'),
  'usage.application': viewer('application'),
  'usage.organization': viewer('organization'),
  'session.end': { scope: 'user' },
  'session.refresh': { scope: 'refresh' },
  'user.change_password': { scope: 'user' },
  'user.delete': { scope: 'user' },
  public: { scope: 'public' },
} as const satisfies Record<string, Rule>

export type Action = keyof typeof ACTIONS

/** Actions on what belongs to an application or an organisation. */
export type ScopedAction<Scope extends Rule['scope']> = {
  [Name in Action]: (typeof ACTIONS)[Name] extends { scope: Scope } ? Name : never
}[Action]

export function ruleOf(action: Action): Rule {
  return ACTIONS[action]
}

export function includesRole(has: Role, wanted: Role): boolean {
  return has === 'editor' || wanted === 'viewer'
}
