import { randomUUID } from 'node:crypto'
import type { RegistrationPost } from '#shared/contract/account-schemas.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import { passwordProblem } from '#shared/domain/password-policy.ts'
import {
  type Actor,
  type MailedToken,
  type MembershipState,
  NO_ORGANIZATION_QUOTAS,
  type OrganizationState,
  type UserEmailState,
  type UserState,
} from '#shared/facts/control.ts'
import { type Change, changeControl, changeSeveral } from '../change-control.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { dummyVerify, hashPassword, verifyPassword } from '../passwords.ts'
import { newToken } from '../tokens.ts'

const SECOND = 1_000
const HOUR = 3_600 * SECOND
const VERIFY_TOKEN_LIFETIME_MS = 24 * HOUR
export const RESET_TOKEN_LIFETIME_MS = HOUR / 2
export const SIGN_IN_TOKEN_LIFETIME_MS = 24 * HOUR
const MAIL_COOLDOWN_MS = 60 * SECOND
const MAILS_MAX = 5
const MAILS_WINDOW_MS = 24 * HOUR
/** How many states CONTROL keeps of a thing: so many empty ones push out what an earlier one held. */
const STATES_KEPT = 5

/** @throws {ProblemError} naming the rule that the password breaks. */
export function refuseWeakPassword(
  { config }: RouteDependencies,
  password: string,
  about: { email: string; firstName: string; lastName: string },
): void {
  const { passwordMinimumLength } = config.auth
  const problem = passwordProblem(password, about, passwordMinimumLength)
  if (problem === 'PasswordTooShort')
    throw new ProblemError(problem, { detail: `Choose a password of at least ${passwordMinimumLength} characters.` })
  if (problem !== null) throw new ProblemError(problem)
}

/** Makes a user and an organisation of their own, at once or not at all; the mail goes out before anything is kept. */
export async function registerUser(
  deps: RouteDependencies,
  post: RegistrationPost,
): Promise<{ userId: string; organizationId: string }> {
  const { secretBox, clock, config, mailer, appUrl } = deps
  if (config.auth.isRegistrationDisabled) throw new ProblemError('RegistrationDisabled')
  refuseWeakPassword(deps, post.password, { email: post.email, firstName: post.first_name, lastName: post.last_name })
  const emailLookup = emailLookupOf(deps, post.email)
  await deps.freshRegistry.catchUp()
  if (claimOf(deps, emailLookup).isTaken) throw new ProblemError('UserAlreadyExist')
  const passwordHash = await hashPassword(post.password)
  const [userId, organizationId] = [randomUUID(), randomUUID()]
  const nowMs = clock.nowMs()
  const changed = { v: 1, changedAtMs: nowMs, changedBy: { kind: 'user', id: userId } } as const
  const token = newToken('verifyEmail')
  const isVerifiedByMail = mailer.isConfigured
  const user: UserState = {
    ...changed,
    type: 'user',
    userId,
    email: post.email,
    firstName: post.first_name,
    lastName: post.last_name,
    passwordHash,
    emailVerifiedAtMs: isVerifiedByMail ? null : nowMs,
    verifyToken: isVerifiedByMail
      ? { lookup: secretBox.lookupOf(token), expiresAtMs: nowMs + VERIFY_TOKEN_LIFETIME_MS }
      : null,
    resetToken: null,
    verifyMailsAtMs: isVerifiedByMail ? [nowMs] : [],
    resetMailsAtMs: [],
    sessionsEndedAtMs: 0,
    createdAtMs: nowMs,
    deletedAtMs: null,
  }
  if (isVerifiedByMail) {
    const link = linkOf(appUrl(), '/verify-email', token)
    await mailer.send(post.email, { type: 'verify-email', firstName: post.first_name, link })
  }
  const organization = newOrganization(organizationId, `${post.first_name} ${post.last_name}'s personal organization`, {
    nowMs,
    by: changed.changedBy,
  })
  await changeSeveral(deps, () => {
    const { isTaken, seq } = claimOf(deps, emailLookup)
    if (isTaken) throw new ProblemError('UserAlreadyExist')
    const claim: UserEmailState = { ...changed, type: 'user_email', lookup: emailLookup, userId }
    return [
      { fact: claim, seq },
      { fact: user, seq: 0 },
      { fact: organization, seq: 0 },
      { fact: newMembership(organizationId, userId, { nowMs, by: changed.changedBy }), seq: 0 },
    ]
  })
  return { userId, organizationId }
}

interface Making {
  nowMs: number
  by: Actor
}

export function newOrganization(organizationId: string, name: string, { nowMs, by }: Making): OrganizationState {
  return {
    v: 1,
    type: 'organization',
    organizationId,
    name,
    quotas: NO_ORGANIZATION_QUOTAS,
    createdAtMs: nowMs,
    deletedAtMs: null,
    changedAtMs: nowMs,
    changedBy: by,
  }
}

export function newMembership(organizationId: string, userId: string, { nowMs, by }: Making): MembershipState {
  return {
    v: 1,
    type: 'membership',
    organizationId,
    userId,
    role: 'editor',
    createdAtMs: nowMs,
    deletedAtMs: null,
    changedAtMs: nowMs,
    changedBy: by,
  }
}

/** @throws {ProblemError} AuthFailedLogin or AuthEmailNotVerified. An unknown address takes as long as a wrong password. */
export async function checkLogin(deps: RouteDependencies, email: string, password: string): Promise<UserState> {
  await deps.freshRegistry.catchUp()
  const user = userByEmail(deps, email)
  if (user === null) {
    await dummyVerify(password)
    throw new ProblemError('AuthFailedLogin')
  }
  if (!(await verifyPassword(password, user.passwordHash))) throw new ProblemError('AuthFailedLogin')
  if (user.emailVerifiedAtMs === null) throw new ProblemError('AuthEmailNotVerified')
  return user
}

/** @throws {ProblemError} AuthEmailExpired, or AuthEmailAlreadyVerified the second time. */
export async function verifyEmail(deps: RouteDependencies, token: string): Promise<UserState> {
  const { registry, secretBox, clock } = deps
  const lookup = secretBox.lookupOf(token)
  const changed = await changeControl<UserState>(deps, () => {
    const found = registry.accounts.userByVerifyToken(lookup)
    if (!found || found.state.deletedAtMs !== null) throw new ProblemError('AuthEmailExpired')
    if (found.state.emailVerifiedAtMs !== null) throw new ProblemError('AuthEmailAlreadyVerified')
    const nowMs = clock.nowMs()
    if (isExpired(found.state.verifyToken, nowMs)) throw new ProblemError('AuthEmailExpired')
    return { fact: changedUser(found.state, nowMs, { emailVerifiedAtMs: nowMs }), seq: found.seq }
  })
  return changed!.fact
}

/** Sends another link, unless the user is unknown or verified, or has had one lately. Says nothing of which it was. */
export async function resendVerification(deps: RouteDependencies, email: string): Promise<void> {
  if (!hasMailServer(deps, 'verify-email')) return
  const token = newToken('verifyEmail')
  const user = await noteMail(deps, email, 'verifyMailsAtMs', {
    verifyToken: {
      lookup: deps.secretBox.lookupOf(token),
      expiresAtMs: deps.clock.nowMs() + VERIFY_TOKEN_LIFETIME_MS,
    },
  })
  if (user === null) return
  const link = linkOf(deps.appUrl(), '/verify-email', token)
  sendInBackground(deps, user, { type: 'verify-email', firstName: user.firstName, link })
}

/** Sends a link to set another password. Whether the address is known, nobody is told (contract, model.md). */
export async function beginPasswordReset(deps: RouteDependencies, email: string): Promise<void> {
  if (!hasMailServer(deps, 'reset-password')) return
  const token = newToken('resetPassword')
  const user = await noteMail(deps, email, 'resetMailsAtMs', {
    resetToken: {
      lookup: deps.secretBox.lookupOf(token),
      expiresAtMs: deps.clock.nowMs() + RESET_TOKEN_LIFETIME_MS,
    },
  })
  if (user === null) return
  const link = linkOf(deps.appUrl(), '/reset-password', token)
  sendInBackground(deps, user, { type: 'reset-password', firstName: user.firstName, link })
}

/** Without a mail server nobody is sent a link; an operator makes one with `npm run reset-link`. */
function hasMailServer({ mailer, logger }: RouteDependencies, mail: string): boolean {
  if (!mailer.isConfigured) logger.warn({ mail }, 'no mail server is set (SMTP_URL): a mail was not sent')
  return mailer.isConfigured
}

/** A mail leaves after the answer: how long it takes would tell who is registered. */
function sendInBackground(
  { mailer, logger }: RouteDependencies,
  user: UserState,
  mail: Parameters<RouteDependencies['mailer']['send']>[1],
): void {
  mailer.send(user.email, mail).catch((error: unknown) => {
    logger.error({ err: error, user_id: user.userId, mail: mail.type }, 'a mail could not be sent')
  })
}

/** Writes a new link's hash, unless the mails of its kind are used up for now. @returns null when none is to be sent. */
async function noteMail(
  deps: RouteDependencies,
  email: string,
  kind: 'verifyMailsAtMs' | 'resetMailsAtMs',
  fields: Partial<UserState>,
): Promise<UserState | null> {
  const changed = await changeControl<UserState>(deps, () => {
    const user = userByEmail(deps, email)
    const nowMs = deps.clock.nowMs()
    if (user === null || (kind === 'verifyMailsAtMs' && user.emailVerifiedAtMs !== null)) return null
    const lately = user[kind].filter((atMs) => atMs > nowMs - MAILS_WINDOW_MS)
    if (lately.length >= MAILS_MAX || (lately.at(-1) ?? 0) > nowMs - MAIL_COOLDOWN_MS) return null
    const fact = changedUser(user, nowMs, { ...fields, [kind]: [...lately, nowMs] })
    return { fact, seq: deps.registry.accounts.users.get(user.userId)!.seq }
  })
  return changed?.fact ?? null
}

/**
 * The user of a link that signs in without a password. It works once: of two uses at the same moment one is refused.
 * @throws {ProblemError} AuthEmailExpired when it is unknown, was used or is too old.
 */
export async function useSignInCode(deps: RouteDependencies, code: string): Promise<UserState> {
  const { registry, secretBox, clock } = deps
  const lookup = secretBox.lookupOf(code)
  const changed = await changeControl<UserState>(deps, () => {
    const found = registry.accounts.userBySignInToken(lookup)
    const nowMs = clock.nowMs()
    if (!found || found.state.deletedAtMs !== null || isExpired(found.state.signInToken ?? null, nowMs))
      throw new ProblemError('AuthEmailExpired')
    return { fact: changedUser(found.state, nowMs, { signInToken: null }), seq: found.seq }
  })
  return changed!.fact
}

/** Sets another password by a link; it works once, verifies the address and ends all sessions. */
export async function resetPassword(deps: RouteDependencies, token: string, password: string): Promise<void> {
  const { registry, secretBox, clock } = deps
  const lookup = secretBox.lookupOf(token)
  const find = () => {
    const found = registry.accounts.userByResetToken(lookup)
    if (!found || found.state.deletedAtMs !== null) throw new ProblemError('AuthEmailExpired')
    if (isExpired(found.state.resetToken, clock.nowMs())) throw new ProblemError('Forbidden')
    return found
  }
  await deps.freshRegistry.catchUp()
  refuseWeakPassword(deps, password, find().state)
  const passwordHash = await hashPassword(password)
  await changeControl<UserState>(deps, () => {
    const { state, seq } = find()
    const nowMs = clock.nowMs()
    const fields = {
      passwordHash,
      resetToken: null,
      signInToken: null,
      emailVerifiedAtMs: state.emailVerifiedAtMs ?? nowMs,
      sessionsEndedAtMs: nowMs,
    }
    return { fact: changedUser(state, nowMs, fields), seq }
  })
}

/** Sets another password and ends all sessions of the user. */
export async function changePassword(deps: RouteDependencies, userId: string, password: string): Promise<void> {
  const { registry, clock } = deps
  refuseWeakPassword(deps, password, registry.accounts.users.get(userId)!.state)
  const passwordHash = await hashPassword(password)
  await changeControl<UserState>(deps, () => {
    const { state, seq } = registry.accounts.users.get(userId)!
    const nowMs = clock.nowMs()
    const fields = { passwordHash, sessionsEndedAtMs: nowMs, resetToken: null, signInToken: null }
    return { fact: changedUser(state, nowMs, fields), seq }
  })
}

/**
 * Deletes a user: memberships and sessions end, the address is free again, and what was known of the person is pushed out
 * of CONTROL, which keeps a few states of each thing.
 */
export async function deleteUser(deps: RouteDependencies, userId: string): Promise<void> {
  const { registry, clock } = deps
  await changeSeveral(deps, () => {
    const nowMs = clock.nowMs()
    const changed = { changedAtMs: nowMs, changedBy: { kind: 'user', id: userId } } as const
    const { state, seq } = registry.accounts.users.get(userId)!
    if (state.deletedAtMs !== null) return []
    const emailLookup = emailLookupOf(deps, state.email)
    const claim = registry.accounts.userEmails.get(emailLookup)
    const memberships: Change[] = registry.accounts
      .membershipsOf(userId)
      .filter((each) => each.state.deletedAtMs === null)
      .map((each) => ({ fact: { ...each.state, ...changed, deletedAtMs: nowMs }, seq: each.seq }))
    return [
      ...memberships,
      ...(claim ? [{ fact: { ...claim.state, ...changed, userId: null }, seq: claim.seq }] : []),
      { fact: erasedUser(state, nowMs), seq },
    ]
  })
  for (let i = 1; i < STATES_KEPT; i++) {
    await changeControl<UserState>(deps, () => {
      const { state, seq } = registry.accounts.users.get(userId)!
      return { fact: erasedUser(state, state.deletedAtMs ?? clock.nowMs()), seq }
    })
  }
}

function erasedUser(state: UserState, nowMs: number): UserState {
  return {
    ...state,
    email: '',
    firstName: '',
    lastName: '',
    passwordHash: '',
    verifyToken: null,
    resetToken: null,
    signInToken: null,
    verifyMailsAtMs: [],
    resetMailsAtMs: [],
    sessionsEndedAtMs: nowMs,
    deletedAtMs: nowMs,
    changedAtMs: nowMs,
    changedBy: { kind: 'user', id: state.userId },
  }
}

export function userByEmail(deps: RouteDependencies, email: string): UserState | null {
  const userId = deps.registry.accounts.userEmails.get(emailLookupOf(deps, email))?.state.userId
  const user = userId ? deps.registry.accounts.users.get(userId)?.state : undefined
  return user && user.deletedAtMs === null ? user : null
}

function emailLookupOf({ secretBox }: RouteDependencies, email: string): string {
  return secretBox.lookupOf(`email:${email}`)
}

function claimOf({ registry }: RouteDependencies, lookup: string): { isTaken: boolean; seq: number } {
  const claim = registry.accounts.userEmails.get(lookup)
  return { isTaken: (claim?.state.userId ?? null) !== null, seq: claim?.seq ?? 0 }
}

function changedUser(state: UserState, nowMs: number, fields: Partial<UserState>): UserState {
  return { ...state, ...fields, changedAtMs: nowMs, changedBy: { kind: 'user', id: state.userId } }
}

function isExpired(token: MailedToken | null, nowMs: number): boolean {
  return token === null || token.expiresAtMs <= nowMs
}

export function linkOf(appUrl: string, path: string, token: string): string {
  const url = new URL(path, appUrl)
  url.searchParams.set('token', token)
  return url.href
}
