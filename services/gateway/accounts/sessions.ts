import { randomUUID } from 'node:crypto'
import type { LoginAnswer } from '#shared/contract/account-schemas.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import type { Sequenced } from '#shared/domain/registry.ts'
import type { MailedToken, SessionState, UserState } from '#shared/facts/control.ts'
import { changeControl } from '../change-control.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { timeText } from '../presenters/time.ts'
import { newToken } from '../tokens.ts'

/** Logins that a user may have at once; one more ends the one that was renewed the longest time ago. */
const SESSIONS_MAX = 20
/** Access tokens of one session that count at once: requests under way don't fail because of a refresh. */
const ACCESS_TOKENS_MAX = 5

interface Tokens {
  access: string
  refresh: string
}

/** Begins a session (contract, behaviour.md §1: login). */
export async function startSession(deps: RouteDependencies, userId: string): Promise<LoginAnswer> {
  const { registry, clock } = deps
  const tokens = newTokens()
  let user: UserState | null = null as UserState | null
  const changed = await changeControl<SessionState>(deps, () => {
    user = liveUser(deps, userId)
    const { slot, seq } = freeSlot(registry.accounts.sessionsOf(userId))
    const nowMs = Math.max(clock.nowMs(), user.sessionsEndedAtMs + 1)
    const fact: SessionState = {
      v: 1,
      type: 'session',
      userId,
      slot,
      sessionId: randomUUID(),
      startedAtMs: nowMs,
      ...tokenFields(deps, tokens, [], nowMs),
      endedAtMs: null,
      changedAtMs: nowMs,
      changedBy: { kind: 'user', id: userId },
    }
    return { fact, seq }
  })
  return present(user!, changed!.fact, tokens)
}

/**
 * New tokens for a session; the refresh token is used up.
 * @throws {ProblemError} AuthInvalidBiscuit when it has been used before, or at this very moment.
 */
export async function refreshSession(
  deps: RouteDependencies,
  { userId, slot, refresh }: SessionState,
): Promise<LoginAnswer> {
  const { registry, clock } = deps
  const tokens = newTokens()
  let user: UserState | null = null as UserState | null
  const changed = await changeControl<SessionState>(deps, () => {
    user = liveUser(deps, userId)
    const current = registry.accounts.sessionsOf(userId).get(slot)
    if (!current || current.state.endedAtMs !== null || current.state.refresh.lookup !== refresh.lookup)
      throw new ProblemError('AuthInvalidBiscuit')
    const nowMs = clock.nowMs()
    const fact: SessionState = {
      ...current.state,
      ...tokenFields(deps, tokens, current.state.access, nowMs),
      changedAtMs: nowMs,
      changedBy: { kind: 'user', id: userId },
    }
    return { fact, seq: current.seq }
  })
  return present(user!, changed!.fact, tokens)
}

/** Ends all tokens of a session. */
export async function endSession(deps: RouteDependencies, { userId, slot, sessionId }: SessionState): Promise<void> {
  await changeControl<SessionState>(deps, () => {
    const current = deps.registry.accounts.sessionsOf(userId).get(slot)
    if (!current || current.state.sessionId !== sessionId || current.state.endedAtMs !== null) return null
    const nowMs = deps.clock.nowMs()
    const fact: SessionState = {
      ...current.state,
      endedAtMs: nowMs,
      changedAtMs: nowMs,
      changedBy: { kind: 'user', id: userId },
    }
    return { fact, seq: current.seq }
  })
}

function liveUser({ registry }: RouteDependencies, userId: string): UserState {
  const user = registry.accounts.users.get(userId)?.state
  if (!user || user.deletedAtMs !== null) throw new ProblemError('AuthInvalidBiscuit')
  return user
}

function newTokens(): Tokens {
  return { access: newToken('access'), refresh: newToken('refresh') }
}

function tokenFields(
  { secretBox, config }: RouteDependencies,
  tokens: Tokens,
  before: readonly MailedToken[],
  nowMs: number,
): Pick<SessionState, 'access' | 'refresh'> {
  const { accessTokenLifetimeMs, refreshTokenLifetimeMs } = config.auth
  const access = { lookup: secretBox.lookupOf(tokens.access), expiresAtMs: nowMs + accessTokenLifetimeMs }
  return {
    access: [...before.filter(({ expiresAtMs }) => expiresAtMs > nowMs), access].slice(-ACCESS_TOKENS_MAX),
    refresh: { lookup: secretBox.lookupOf(tokens.refresh), expiresAtMs: nowMs + refreshTokenLifetimeMs },
  }
}

/** A place that was never used, else one whose session has ended, else the one that was idle for the longest time. */
function freeSlot(slots: ReadonlyMap<number, Sequenced<SessionState>>): { slot: number; seq: number } {
  if (slots.size < SESSIONS_MAX) return { slot: slots.size, seq: 0 }
  const lastUse = ({ state }: Sequenced<SessionState>) => (state.endedAtMs === null ? state.changedAtMs : 0)
  const [slot, { seq }] = [...slots].reduce((best, next) => (lastUse(next[1]) < lastUse(best[1]) ? next : best))
  return { slot, seq }
}

function present(user: UserState, session: SessionState, tokens: Tokens): LoginAnswer {
  return {
    access_token: tokens.access,
    access_token_expiration: timeText(session.access.at(-1)!.expiresAtMs),
    refresh_token: tokens.refresh,
    refresh_token_expiration: timeText(session.refresh.expiresAtMs),
    user_id: user.userId,
    email: user.email,
    first_name: user.firstName,
    last_name: user.lastName,
  }
}
