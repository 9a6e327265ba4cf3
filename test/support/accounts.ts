import assert from 'node:assert/strict'
import type { ApplicationAnswer, LoginAnswer } from '#shared/contract/account-schemas.ts'
import type { Api } from './api.ts'

export const PASSWORD = 'Tq7-mund zwölf Wale'
let counter = 0

/** A registered user who is logged in; an organisation of their own comes with it. */
export interface TestUser {
  userId: string
  organizationId: string
  email: string
  login: LoginAnswer
  /** The header that this user's requests carry. */
  authorization: string
}

export async function registerUser(api: Api): Promise<TestUser> {
  const email = `ada${++counter}@example.com`
  const person = { first_name: 'Ada', last_name: 'Lovelace', email, password: PASSWORD }
  const made = await api.call<{ user_id: string; organization_id: string }>('POST', '/register', person)
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const login = await logIn(api, email)
  const { user_id: userId, organization_id: organizationId } = made.body
  return { userId, organizationId, email, login, authorization: `Bearer ${login.access_token}` }
}

export async function logIn(api: Api, email: string, password = PASSWORD): Promise<LoginAnswer> {
  const { status, body } = await api.call<LoginAnswer>('POST', '/auth/login', { email, password })
  assert.equal(status, 201, JSON.stringify(body))
  return body
}

/** A user's application with its first secret. */
export async function createApplication(
  api: Api,
  { organizationId, authorization }: Pick<TestUser, 'organizationId' | 'authorization'>,
): Promise<{ applicationId: string; secret: string }> {
  const post = { organization_id: organizationId, name: 'Shop' }
  const { status, body } = await api.call<ApplicationAnswer>('POST', '/applications', post, authorization)
  assert.equal(status, 201, JSON.stringify(body))
  const path = `/application_secrets?application_id=${body.application_id}`
  const secrets = await api.call<{ token: string }[]>('GET', path, undefined, authorization)
  return { applicationId: body.application_id, secret: secrets.body[0]!.token }
}
