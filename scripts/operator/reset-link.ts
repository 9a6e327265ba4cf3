import { randomBytes } from 'node:crypto'
import { linkOf, RESET_TOKEN_LIFETIME_MS } from '#services/gateway/accounts/users.ts'
import type { UserState } from '#shared/facts/control.ts'
import { controlSubject } from '#shared/facts/control.ts'
import { type OperatorRuntime, runOperatorCommand } from './open-runtime.ts'

const TOKEN_BYTES = 32

/** Makes a link by which a user can set another password: for where no mail is sent. */
export async function makeResetLink(runtime: OperatorRuntime, email: string): Promise<string> {
  const { registry, secretBox, clock, appenders, appUrl } = runtime
  const userId = registry.accounts.userEmails.get(secretBox.lookupOf(`email:${email}`))?.state.userId
  const user = userId ? registry.accounts.users.get(userId) : undefined
  if (!user) throw new Error(`There is no user with the address '${email}'.`)
  const token = `jhrp_${randomBytes(TOKEN_BYTES).toString('base64url')}`
  const nowMs = clock.nowMs()
  const fact: UserState = {
    ...user.state,
    resetToken: { lookup: secretBox.lookupOf(token), expiresAtMs: nowMs + RESET_TOKEN_LIFETIME_MS },
    changedAtMs: nowMs,
    changedBy: { kind: 'system', id: 'operator' },
  }
  await appenders.control.append({
    subject: controlSubject(fact),
    body: JSON.stringify(fact),
    expectLastSubjectSeq: user.seq,
  })
  return linkOf(appUrl, '/reset-password', token)
}

export async function runResetLink(email: string | undefined): Promise<void> {
  await runOperatorCommand(async (runtime) => {
    if (!email) throw new Error('Name the user: jethook reset-link ada@example.com')
    const link = await makeResetLink(runtime, email)
    return `Valid for 30 minutes, works once:\n${link}\n\nWithout a web page: POST /api/v1/auth/reset-password {"token":"…","new_password":"…"}`
  })
}

if (import.meta.main) await runResetLink(process.argv[2])
