import type { MailedToken, MembershipState, SessionState, UserEmailState, UserState } from '../facts/control.ts'
import type { Sequenced } from './registry.ts'

/** Users, their sessions and to which organisations they belong, as CONTROL has them. */
export interface Accounts {
  readonly users: ReadonlyMap<string, Sequenced<UserState>>
  /** Claims of addresses, by keyed hash. */
  readonly userEmails: ReadonlyMap<string, Sequenced<UserEmailState>>
  userByVerifyToken(lookup: string): Sequenced<UserState> | undefined
  userByResetToken(lookup: string): Sequenced<UserState> | undefined
  userBySignInToken(lookup: string): Sequenced<UserState> | undefined
  sessionByAccess(lookup: string): Sequenced<SessionState> | undefined
  sessionByRefresh(lookup: string): Sequenced<SessionState> | undefined
  /** A user's places for sessions that are or were in use, by number. */
  sessionsOf(userId: string): ReadonlyMap<number, Sequenced<SessionState>>
  membership(organizationId: string, userId: string): Sequenced<MembershipState> | undefined
  /** Including those that have ended. */
  membersOf(organizationId: string): readonly Sequenced<MembershipState>[]
  membershipsOf(userId: string): readonly Sequenced<MembershipState>[]
}

export interface EvolvingAccounts extends Accounts {
  evolve(fact: UserState | UserEmailState | SessionState | MembershipState, seq: number): void
}

type Grouped<T> = Map<string, Map<string, Sequenced<T>>>

function put<T>(groups: Grouped<T>, group: string, key: string, value: Sequenced<T>): void {
  const ofGroup = groups.get(group) ?? new Map<string, Sequenced<T>>()
  groups.set(group, ofGroup)
  ofGroup.set(key, value)
}

export function createAccounts(): EvolvingAccounts {
  const users = new Map<string, Sequenced<UserState>>()
  const userEmails = new Map<string, Sequenced<UserEmailState>>()
  const byVerifyToken = new Map<string, string>()
  const byResetToken = new Map<string, string>()
  const bySignInToken = new Map<string, string>()
  const sessions = new Map<string, Map<number, Sequenced<SessionState>>>()
  const byAccess = new Map<string, Sequenced<SessionState>>()
  const byRefresh = new Map<string, Sequenced<SessionState>>()
  const byOrganization: Grouped<MembershipState> = new Map()
  const byUser: Grouped<MembershipState> = new Map()
  const userOf = (id: string | undefined) => (id === undefined ? undefined : users.get(id))

  function reindex(index: Map<string, string>, before: MailedToken | null, after: MailedToken | null, userId: string) {
    if (before) index.delete(before.lookup)
    if (after) index.set(after.lookup, userId)
  }

  function evolveUser(state: UserState, seq: number) {
    const before = users.get(state.userId)?.state
    reindex(byVerifyToken, before?.verifyToken ?? null, state.verifyToken, state.userId)
    reindex(byResetToken, before?.resetToken ?? null, state.resetToken, state.userId)
    reindex(bySignInToken, before?.signInToken ?? null, state.signInToken ?? null, state.userId)
    users.set(state.userId, { state, seq })
  }

  function evolveSession(state: SessionState, seq: number) {
    const slots = sessions.get(state.userId) ?? new Map<number, Sequenced<SessionState>>()
    sessions.set(state.userId, slots)
    const before = slots.get(state.slot)?.state
    for (const { lookup } of before?.access ?? []) byAccess.delete(lookup)
    if (before) byRefresh.delete(before.refresh.lookup)
    const registered = { state, seq }
    slots.set(state.slot, registered)
    if (state.endedAtMs !== null) return
    for (const { lookup } of state.access) byAccess.set(lookup, registered)
    byRefresh.set(state.refresh.lookup, registered)
  }

  return {
    users,
    userEmails,
    userByVerifyToken: (lookup) => userOf(byVerifyToken.get(lookup)),
    userByResetToken: (lookup) => userOf(byResetToken.get(lookup)),
    userBySignInToken: (lookup) => userOf(bySignInToken.get(lookup)),
    sessionByAccess: (lookup) => byAccess.get(lookup),
    sessionByRefresh: (lookup) => byRefresh.get(lookup),
    sessionsOf: (userId) => sessions.get(userId) ?? new Map(),
    membership: (organizationId, userId) => byOrganization.get(organizationId)?.get(userId),
    membersOf: (organizationId) => [...(byOrganization.get(organizationId)?.values() ?? [])],
    membershipsOf: (userId) => [...(byUser.get(userId)?.values() ?? [])],
    evolve(fact, seq) {
      switch (fact.type) {
        case 'user':
          evolveUser(fact, seq)
          break
        case 'user_email':
          userEmails.set(fact.lookup, { state: fact, seq })
          break
        case 'session':
          evolveSession(fact, seq)
          break
        case 'membership':
          put(byOrganization, fact.organizationId, fact.userId, { state: fact, seq })
          put(byUser, fact.userId, fact.organizationId, { state: fact, seq })
          break
      }
    },
  }
}
