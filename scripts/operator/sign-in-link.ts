import { newMembership, SIGN_IN_TOKEN_LIFETIME_MS } from '#services/gateway/accounts/users.ts'
import { newToken } from '#services/gateway/tokens.ts'
import { type Actor, controlSubject, type UserEmailState, type UserState } from '#shared/facts/control.ts'
import { create, SEED_ORGANIZATION_ID, type SeedDependencies } from '../seed.ts'
import { type OperatorRuntime, runOperatorCommand } from './open-runtime.ts'

/** Always the same user: two first starts at once make one, not two. */
const OPERATOR_ID = '01900000-0000-7000-8000-000000000003'
export const OPERATOR_EMAIL = 'operator@localhost'
const SYSTEM: Actor = { kind: 'system', id: 'operator' }

/**
 * Makes the operator, an editor of the first organisation who has no password yet.
 * @returns a link that signs them in, or null when there is (or was) an operator already.
 */
export async function seedOperator(deps: SeedDependencies & { appUrl: string }): Promise<string | null> {
  const { registry, secretBox, clock, appUrl } = deps
  const organization = registry.organizations.get(SEED_ORGANIZATION_ID)?.state
  if (registry.accounts.users.has(OPERATOR_ID) || organization?.deletedAtMs !== null) return null
  const nowMs = clock.nowMs()
  const changed = { v: 1, changedAtMs: nowMs, changedBy: SYSTEM } as const
  const code = newToken('signIn')
  const lookup = secretBox.lookupOf(`email:${OPERATOR_EMAIL}`)
  const claim: UserEmailState = { ...changed, type: 'user_email', lookup, userId: OPERATOR_ID }
  await create(deps, claim)
  await create(deps, newMembership(SEED_ORGANIZATION_ID, OPERATOR_ID, { nowMs, by: SYSTEM }))
  const user: UserState = {
    ...changed,
    type: 'user',
    userId: OPERATOR_ID,
    email: OPERATOR_EMAIL,
    firstName: 'The',
    lastName: 'operator',
    passwordHash: '',
    emailVerifiedAtMs: nowMs,
    verifyToken: null,
    resetToken: null,
    signInToken: { lookup: secretBox.lookupOf(code), expiresAtMs: nowMs + SIGN_IN_TOKEN_LIFETIME_MS },
    verifyMailsAtMs: [],
    resetMailsAtMs: [],
    sessionsEndedAtMs: 0,
    createdAtMs: nowMs,
    deletedAtMs: null,
  }
  // Last: what was broken off before is done anew at the next start.
  await create(deps, user)
  return signInLink(appUrl, code)
}

/** Makes a link that signs a user in without a password, once; an earlier one ends. */
export async function makeSignInLink(runtime: OperatorRuntime, email: string): Promise<string> {
  const { registry, secretBox, clock, appenders, appUrl } = runtime
  const userId = registry.accounts.userEmails.get(secretBox.lookupOf(`email:${email}`))?.state.userId
  const user = userId ? registry.accounts.users.get(userId) : undefined
  if (!user) throw new Error(`There is no user with the address '${email}'.`)
  const code = newToken('signIn')
  const nowMs = clock.nowMs()
  const fact: UserState = {
    ...user.state,
    signInToken: { lookup: secretBox.lookupOf(code), expiresAtMs: nowMs + SIGN_IN_TOKEN_LIFETIME_MS },
    changedAtMs: nowMs,
    changedBy: SYSTEM,
  }
  await appenders.control.append({
    subject: controlSubject(fact),
    body: JSON.stringify(fact),
    expectLastSubjectSeq: user.seq,
  })
  return signInLink(appUrl, code)
}

/** The code stands behind `#`, which browsers send to nobody. */
function signInLink(appUrl: string, code: string): string {
  return `${new URL('/', appUrl)}#/enter/${code}`
}

export async function runSignInLink(email = OPERATOR_EMAIL): Promise<void> {
  await runOperatorCommand(async (runtime) => {
    return `Signs ${email} in, works once, for 24 hours:\n${await makeSignInLink(runtime, email)}`
  })
}

if (import.meta.main) await runSignInLink(process.argv[2])
