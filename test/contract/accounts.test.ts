import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { LoginAnswer, OrganizationInfo } from '#shared/contract/account-schemas.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import { createApplication, logIn, PASSWORD, registerUser } from '../support/accounts.ts'
import type { Api } from '../support/api.ts'
import { startMailServer, type TestMailServer } from '../support/smtp.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

/** Long enough for any other test, however slow the machine. */
const LIFETIME_MS = 10_000

let stack: Stack
let mailed: Stack
let mailServer: TestMailServer
let api: Api

before(async () => {
  mailServer = await startMailServer()
  ;[stack, mailed] = await Promise.all([
    startStack({ ACCESS_TOKEN_LIFETIME_MS: String(LIFETIME_MS) }),
    startStack({ SMTP_URL: mailServer.url, EMAIL_SENDER_ADDRESS: 'jethook@example.com' }),
  ])
  api = stack.api
})
after(async () => {
  await Promise.all([stack?.close(), mailed?.close()])
  await mailServer?.close()
})

const PERSON = { first_name: 'Grace', last_name: 'Hopper', email: 'grace@example.com', password: PASSWORD }
const post = <T = ProblemDocument>(path: string, body?: unknown, authorization?: string, to = api) =>
  to.call<T>('POST', path, body, authorization)
const idOf = ({ status, body }: { status: number; body: ProblemDocument }) => `${status} ${body?.id}`

test('registering makes a user with an organization of their own, verified at once without a mail server', async () => {
  const { organizationId, authorization } = await registerUser(api)
  const list = await api.call<{ organization_id: string; role: string }[]>(
    'GET',
    '/organizations',
    undefined,
    authorization,
  )
  assert.deepEqual(
    list.body.map(({ organization_id, role }) => [organization_id, role]),
    [[organizationId, 'editor']],
  )
  const info = await api.call<OrganizationInfo>('GET', `/organizations/${organizationId}/`, undefined, authorization)
  assert.equal(info.body.name, "Ada Lovelace's personal organization")
  assert.equal(info.body.users[0]?.role, 'editor')
})

test('an address is registered once, also by many at the same moment', async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => post('/register', { ...PERSON, email: 'once@example.com' })),
  )
  assert.deepEqual(answers.map(idOf).sort(), ['201 undefined', ...Array(9).fill('409 UserAlreadyExist')])
  assert.equal(idOf(await post('/register', { ...PERSON, email: 'once@example.com' })), '409 UserAlreadyExist')
})

test('each rule for passwords and fields has its own problem, and no answer repeats a password', async () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ password: 'kurz' }, '400 PasswordTooShort'],
    [{ password: `${'aB3-'.repeat(26)}` }, '400 PasswordTooLong'],
    [{ password: 'grace@example.com' }, '400 PasswordSimilarToEmail'],
    [{ password: 'wunderhopper-17' }, '400 PasswordSimilarToName'],
    [{ password: 'Password1234!' }, '400 PasswordTooCommon'],
    [{ password: 'xkxkxkxkxkxkxk' }, '400 PasswordNotDiverseEnough'],
    [{ password: 'with\u0007bell-and-more' }, '422 Validation'],
    [{ email: 'nobody' }, '422 Validation'],
    [{ first_name: '' }, '422 Validation'],
    [{ last_name: 'x'.repeat(51) }, '422 Validation'],
    [{ email: undefined }, '400 JsonPayload'],
  ]
  for (const [more, wanted] of cases) {
    const answer = await post('/register', { ...PERSON, ...more })
    assert.equal(idOf(answer), wanted, JSON.stringify(more))
    if (typeof more['password'] === 'string') assert.ok(!JSON.stringify(answer.body).includes(more['password']), wanted)
  }
})

test('a login is refused for an unknown address and for a wrong password in the same words', async () => {
  const { email } = await registerUser(api)
  const wrong = await post('/auth/login', { email, password: 'another password 12' })
  const unknown = await post('/auth/login', { email: 'nobody@example.com', password: PASSWORD })
  assert.equal(idOf(wrong), '401 AuthFailedLogin')
  assert.deepEqual(unknown.body, wrong.body)
  assert.equal(
    idOf(await post('/auth/login', { email: email.toUpperCase(), password: PASSWORD })),
    '401 AuthFailedLogin',
  )
})

test('an access token ends after its time, and the session goes on by its refresh token, used once', async () => {
  const { login } = await registerUser(api)
  const isKnown = async (token: string) =>
    idOf(await api.call<ProblemDocument>('GET', '/organizations', undefined, `Bearer ${token}`))
  assert.equal(await isKnown(login.access_token), '200 undefined')
  const refreshed = await post<LoginAnswer>('/auth/refresh', undefined, `Bearer ${login.refresh_token}`)
  assert.equal(refreshed.status, 201)
  assert.deepEqual(Object.keys(refreshed.body).sort(), Object.keys(login).sort())
  assert.equal(idOf(await post('/auth/refresh', undefined, `Bearer ${login.refresh_token}`)), '403 AuthInvalidBiscuit')
  assert.equal(await isKnown(refreshed.body.access_token), '200 undefined')
  await until(
    'the token has ended',
    async () => (await isKnown(login.access_token)) === '403 AuthInvalidBiscuit',
    LIFETIME_MS * 4,
  )
})

test('of many refreshes with one token exactly one succeeds', async () => {
  const { login } = await registerUser(api)
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => post('/auth/refresh', undefined, `Bearer ${login.refresh_token}`)),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(9).fill(403)])
})

test('tokens of one kind are not taken for another', async () => {
  const { login } = await registerUser(api)
  const { service_token } = stack.credentials
  const cases: [path: string, token: string, wanted: string][] = [
    ['/auth/refresh', login.access_token, '401 AuthFailedRefresh'],
    ['/auth/refresh', service_token, '401 AuthFailedRefresh'],
    ['/auth/refresh', 'jhrt_unknown', '403 AuthInvalidBiscuit'],
    ['/auth/logout', login.refresh_token, '403 Forbidden'],
    ['/auth/logout', service_token, '403 Forbidden'],
    ['/auth/logout', stack.credentials.application_secret, '403 Forbidden'],
  ]
  for (const [path, token, wanted] of cases)
    assert.equal(idOf(await post(path, undefined, `Bearer ${token}`)), wanted, path)
  assert.equal(idOf(await post('/auth/refresh', undefined, '')), '403 AuthInvalidBiscuit')
})

test('logging out ends the session alone, another password ends all', async () => {
  const { email, login } = await registerUser(api)
  const other = await logIn(api, email)
  assert.equal((await post('/auth/logout', undefined, `Bearer ${login.access_token}`)).status, 204)
  assert.equal(idOf(await post('/auth/refresh', undefined, `Bearer ${login.refresh_token}`)), '403 AuthInvalidBiscuit')
  const next = 'Ganz anders 4711 Igel'
  const weak = await post('/auth/password', { new_password: 'kurz' }, `Bearer ${other.access_token}`)
  assert.equal(idOf(weak), '400 PasswordTooShort')
  assert.equal((await post('/auth/password', { new_password: next }, `Bearer ${other.access_token}`)).status, 204)
  assert.equal(idOf(await post('/auth/refresh', undefined, `Bearer ${other.refresh_token}`)), '403 AuthInvalidBiscuit')
  assert.equal(idOf(await post('/auth/login', { email, password: PASSWORD })), '401 AuthFailedLogin')
  await logIn(api, email, next)
})

test('a user has at most so many sessions: one more ends the oldest', async () => {
  const { email, login } = await registerUser(api)
  for (let i = 0; i < 20; i++) await logIn(api, email)
  assert.equal(idOf(await post('/auth/refresh', undefined, `Bearer ${login.refresh_token}`)), '403 AuthInvalidBiscuit')
})

test('a deleted user is gone: sessions and memberships end, the address is free, nothing of the person stays', async () => {
  const { email, authorization, userId, organizationId } = await registerUser(api)
  assert.equal(idOf(await post('/auth/delete-user', { password: 'wrong' }, authorization)), '401 AuthFailedLogin')
  assert.equal((await post('/auth/delete-user', { password: PASSWORD }, authorization)).status, 204)
  assert.equal(
    idOf(await api.call<ProblemDocument>('GET', '/organizations', undefined, authorization)),
    '403 AuthInvalidBiscuit',
  )
  const info = await api.call<OrganizationInfo>('GET', `/organizations/${organizationId}`, undefined, authorization)
  assert.equal(info.status, 403)
  assert.equal((await post('/register', { ...PERSON, email })).status, 201)
  assert.notEqual((await logIn(api, email)).user_id, userId)
})

// -- with a mail server ----------------------------------------------------------------------------------------------

const mailTo = (to: string, subject: RegExp, after = 0) =>
  until('the mail', async () =>
    mailServer.mails.slice(after).find((mail) => mail.to === to && subject.test(mail.content)),
  )
const tokenOf = (content: string) => /token=(jh[a-z]{2}_[\w-]+)/.exec(content)?.[1] ?? assert.fail('no token')

test('an address is verified by the mailed link, once', async () => {
  const email = 'verify@example.com'
  const [at, to] = [mailServer.mails.length, mailed.api]
  assert.equal((await post('/register', { ...PERSON, email }, undefined, to)).status, 201)
  assert.equal(
    idOf(await post('/auth/login', { email, password: PASSWORD }, undefined, to)),
    '401 AuthEmailNotVerified',
  )
  const { content } = await mailTo(email, /Verify/, at)
  const verified = await post<LoginAnswer>('/auth/verify-email', { token: tokenOf(content) }, undefined, to)
  assert.equal(verified.status, 201)
  assert.equal(verified.body.email, email)
  const twice = await post('/auth/verify-email', { token: tokenOf(content) }, undefined, to)
  assert.equal(idOf(twice), '409 AuthEmailAlreadyVerified')
  assert.equal(idOf(await post('/auth/verify-email', { token: 'jhve_x' }, undefined, to)), '401 AuthEmailExpired')
  assert.equal(idOf(await post('/auth/verify-email', { token: '' }, undefined, to)), '422 Validation')
  await logIn(to, email)
})

test('the verification mail is sent again, but not within a minute, and nobody is told who is registered', async () => {
  const [email, to] = ['again@example.com', mailed.api]
  await post('/register', { ...PERSON, email }, undefined, to)
  const count = () => mailServer.mails.filter((mail) => mail.to === email).length
  await until('the first mail', async () => count() === 1)
  for (const each of [email, 'unknown@example.com'])
    assert.equal((await post('/auth/resend-verification-email', { email: each }, undefined, to)).status, 204)
  assert.equal(idOf(await post('/auth/resend-verification-email', { email: 'x' }, undefined, to)), '422 Validation')
  assert.equal(count(), 1)
})

test('a password is set by the mailed link, which works once and verifies the address', async () => {
  const to = mailed.api
  const email = 'reset@example.com'
  const at = mailServer.mails.length
  await post('/register', { ...PERSON, email }, undefined, to)
  const { content: verification } = await mailTo(email, /Verify/, at)
  await post('/auth/verify-email', { token: tokenOf(verification) }, undefined, to)
  for (const each of [email, 'unknown@example.com', email])
    assert.equal((await post('/auth/begin-reset-password', { email: each }, undefined, to)).status, 204)
  const { content } = await mailTo(email, /another password/, at)
  assert.ok(!mailServer.mails.slice(at).some((mail) => mail.to === 'unknown@example.com'))
  const [token, next] = [tokenOf(content), 'Ganz anders 4711 Igel']
  const before = await logIn(to, email)
  const reset = (new_password: string) => post('/auth/reset-password', { token, new_password }, undefined, to)
  assert.equal(idOf(await reset('kurz')), '400 PasswordTooShort')
  assert.equal((await reset(next)).status, 204)
  assert.equal(idOf(await reset(next)), '401 AuthEmailExpired')
  const old = await post('/auth/refresh', undefined, `Bearer ${before.refresh_token}`, to)
  assert.equal(idOf(old), '403 AuthInvalidBiscuit')
  await logIn(to, email, next)
})

test('who is made a member is told by mail', async () => {
  const [email, to, at] = ['member@example.com', mailed.api, mailServer.mails.length]
  await post('/register', { ...PERSON, email }, undefined, to)
  const { organization_id, service_token } = mailed.credentials
  const path = `/organizations/${organization_id}/invite`
  assert.equal((await post(path, { email, role: 'viewer' }, `Bearer ${service_token}`, to)).status, 200)
  const { content } = await mailTo(email, /You are a member of My organization now/, at)
  assert.match(content, new RegExp(`organizations/${organization_id}`))
})

test('a mail that cannot be sent fails the registration, and nothing is kept', async () => {
  const [email, to] = ['refused@example.com', mailed.api]
  mailServer.isRefusing = true
  assert.equal((await post('/register', { ...PERSON, email }, undefined, to)).status, 500)
  mailServer.isRefusing = false
  assert.equal((await post('/register', { ...PERSON, email }, undefined, to)).status, 201)
})

test('without a mail server a reset link is not sent, and the answer is the same', async () => {
  const { email } = await registerUser(api)
  assert.equal((await post('/auth/begin-reset-password', { email })).status, 204)
  assert.equal(idOf(await post('/auth/reset-password', { token: 'x', new_password: PASSWORD })), '401 AuthEmailExpired')
})

// -- organizations ---------------------------------------------------------------------------------------------------

test('members are invited, get another role, and leave', async () => {
  const [owner, guest] = [await registerUser(api), await registerUser(api)]
  const path = `/organizations/${owner.organizationId}/invite`
  const call = (method: string, body: unknown, authorization = owner.authorization) =>
    api.call<ProblemDocument>(method, path, body, authorization)
  const invite = { email: guest.email, role: 'viewer' }
  assert.equal(idOf(await call('POST', { ...invite, role: 'king' })), '400 InvalidRole')
  assert.equal(idOf(await call('POST', { ...invite, email: 'no@example.com' })), '404 InvitedUserDoesNotExist')
  assert.deepEqual((await call('POST', invite)).body, invite)
  assert.equal(idOf(await call('POST', invite)), '409 InvitedUserAlreadyInOrganization')
  const org = `/organizations/${owner.organizationId}`
  const asGuest = (method: string, body?: unknown) => api.call<ProblemDocument>(method, org, body, guest.authorization)
  assert.equal((await asGuest('GET')).status, 200)
  assert.equal((await asGuest('PUT', { name: 'Mine now' })).status, 403)
  assert.equal(idOf(await call('PUT', { user_id: owner.userId, role: 'viewer' })), '403 Forbidden')
  assert.equal(idOf(await call('PUT', { user_id: guest.userId, role: 'king' })), '400 InvalidRole')
  assert.equal((await call('PUT', { user_id: guest.userId, role: 'editor' })).status, 200)
  assert.equal((await asGuest('PUT', { name: 'Ours now' })).status, 200)
  assert.deepEqual((await call('DELETE', { user_id: guest.userId })).body, { user_id: guest.userId })
  assert.equal(idOf(await call('DELETE', { user_id: guest.userId })), '404 NotFound')
  assert.equal((await asGuest('GET')).status, 403)
  assert.equal((await call('POST', invite)).status, 200)
})

test('an organization is made, renamed and deleted once it is empty; its tokens end with it', async () => {
  const user = await registerUser(api)
  const { authorization } = user
  const call = <T = OrganizationInfo>(method: string, path: string, body?: unknown, as = authorization) =>
    api.call<T>(method, path, body, as)
  const made = await call('POST', '/organizations', { name: 'Acme' })
  assert.equal(made.status, 200)
  const id = made.body.organization_id
  assert.equal((await call('POST', '/organizations', { name: 'x' })).status, 422)
  assert.equal((await call('PUT', `/organizations/${id}`, { name: 'Acme & Co' })).body.name, 'Acme & Co')
  const { applicationId } = await createApplication(api, { organizationId: id, authorization })
  const token = await call<{ biscuit: string }>('POST', '/service_token', { organization_id: id, name: 'CI' })
  const full = await call<ProblemDocument>('DELETE', `/organizations/${id}`)
  assert.equal(idOf(full), '409 OrganizationIsNotEmpty')
  assert.equal((await call('DELETE', `/applications/${applicationId}`)).status, 204)
  assert.equal((await call('DELETE', `/organizations/${id}`)).status, 204)
  const after = await call<ProblemDocument>('GET', '/organizations', undefined, `Bearer ${token.body.biscuit}`)
  assert.equal(idOf(after), '403 AuthInvalidBiscuit')
  assert.equal((await call('GET', `/organizations/${id}`)).status, 403)
})
