import { Type } from 'typebox'
import {
  DeleteUserPost,
  EmailPost,
  LoginAnswer,
  LoginPost,
  NewPasswordPost,
  OneTimeCodePost,
  RegistrationAnswer,
  RegistrationPost,
  ResetPasswordPost,
  TokenPost,
} from '#shared/contract/account-schemas.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import {
  validateEmail,
  validateLinkToken,
  validateLogin,
  validateNewPassword,
  validateRegistration,
} from '#shared/domain/validate-account.ts'
import { endSession, refreshSession, startSession } from '../accounts/sessions.ts'
import {
  beginPasswordReset,
  changePassword,
  checkLogin,
  deleteUser,
  registerUser,
  resendVerification,
  resetPassword,
  useSignInCode,
  verifyEmail,
} from '../accounts/users.ts'
import type { GatewayServer } from '../app.ts'
import { createAuthenticator } from '../authentication.ts'
import { requireUser } from '../authorization.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { verifyPassword } from '../passwords.ts'
import { refuseInvalid, route } from './route.ts'

const tags = ['Users and sessions']
const NoContent = { 204: Type.Null() }

/** People: registering, logging in and out, passwords (contract, behaviour.md §1). */
export function registerAuthRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, freshRegistry } = deps
  const authenticator = createAuthenticator({ ...deps, config: deps.config.auth })

  server.post(
    '/register',
    route('public', {
      operationId: 'register',
      tags,
      summary: 'Register a user, with an organization of their own',
      body: RegistrationPost,
      response: { 201: RegistrationAnswer },
    }),
    async ({ body }, reply) => {
      if (deps.config.auth.isRegistrationDisabled) throw new ProblemError('RegistrationDisabled')
      refuseInvalid(validateRegistration(body))
      const { organizationId, userId } = await registerUser(deps, body)
      reply.code(201)
      return { organization_id: organizationId, user_id: userId }
    },
  )

  server.post(
    '/auth/login',
    route('public', {
      operationId: 'auth.login',
      tags,
      summary: 'Log in',
      body: LoginPost,
      response: { 201: LoginAnswer },
    }),
    async ({ body }, reply) => {
      refuseInvalid(validateLogin(body))
      const { userId } = await checkLogin(deps, body.email, body.password)
      const login = await startSession(deps, userId)
      reply.code(201)
      return login
    },
  )

  server.post(
    '/auth/one_time',
    route('public', {
      operationId: 'auth.oneTime',
      tags,
      summary: 'Log in by the code of a link that was printed for an operator; it works once',
      body: OneTimeCodePost,
      response: { 201: LoginAnswer },
    }),
    async ({ body }, reply) => {
      refuseInvalid(validateLinkToken(body.code))
      const { userId } = await useSignInCode(deps, body.code)
      const login = await startSession(deps, userId)
      reply.code(201)
      return login
    },
  )

  server.post(
    '/auth/refresh',
    route('session.refresh', {
      operationId: 'auth.refresh',
      tags,
      summary: 'Get new tokens for a refresh token, which is used up',
      response: { 201: LoginAnswer },
    }),
    async (request, reply) => {
      const { authorization } = request.headers
      const session = await freshRegistry.decide(() => authenticator.sessionToRefresh(authorization))
      const login = await refreshSession(deps, session)
      reply.code(201)
      return login
    },
  )

  server.post(
    '/auth/logout',
    route('session.end', {
      operationId: 'auth.logout',
      tags,
      summary: 'End the session and all its tokens',
      response: NoContent,
    }),
    async ({ principal }, reply) => {
      await endSession(deps, requireUser(principal).session)
      return reply.code(204).send(null)
    },
  )

  server.post(
    '/auth/password',
    route('user.change_password', {
      operationId: 'auth.changePassword',
      tags,
      summary: 'Change the password; all sessions of the user end',
      body: NewPasswordPost,
      response: NoContent,
    }),
    async ({ principal, body }, reply) => {
      const { id } = requireUser(principal)
      refuseInvalid(validateNewPassword(body.new_password))
      await changePassword(deps, id, body.new_password)
      return reply.code(204).send(null)
    },
  )

  server.post(
    '/auth/verify-email',
    route('public', {
      operationId: 'auth.verifyEmail',
      tags,
      summary: 'Verify an e-mail address by the token that was mailed, and log in',
      body: TokenPost,
      response: { 201: LoginAnswer },
    }),
    async ({ body }, reply) => {
      refuseInvalid(validateLinkToken(body.token))
      const { userId } = await verifyEmail(deps, body.token)
      const login = await startSession(deps, userId)
      reply.code(201)
      return login
    },
  )

  server.post(
    '/auth/resend-verification-email',
    route('public', {
      operationId: 'auth.resendVerificationEmail',
      tags,
      summary: 'Send the verification mail again; the answer is the same for every address',
      body: EmailPost,
      response: NoContent,
    }),
    async ({ body }, reply) => {
      refuseInvalid(validateEmail(body.email))
      await resendVerification(deps, body.email)
      return reply.code(204).send(null)
    },
  )

  server.post(
    '/auth/begin-reset-password',
    route('public', {
      operationId: 'auth.beginResetPassword',
      tags,
      summary: 'Send a link to set another password; the answer is the same for every address',
      body: EmailPost,
      response: NoContent,
    }),
    async ({ body }, reply) => {
      refuseInvalid(validateEmail(body.email))
      await beginPasswordReset(deps, body.email)
      return reply.code(204).send(null)
    },
  )

  server.post(
    '/auth/reset-password',
    route('public', {
      operationId: 'auth.resetPassword',
      tags,
      summary: 'Set another password by the token that was mailed; it works once',
      body: ResetPasswordPost,
      response: NoContent,
    }),
    async ({ body }, reply) => {
      refuseInvalid(validateLinkToken(body.token) ?? validateNewPassword(body.new_password))
      await resetPassword(deps, body.token, body.new_password)
      return reply.code(204).send(null)
    },
  )

  server.post(
    '/auth/delete-user',
    route('user.delete', {
      operationId: 'auth.deleteUser',
      tags,
      summary: 'Delete the user: memberships and sessions end, the e-mail address is free again',
      body: DeleteUserPost,
      response: NoContent,
    }),
    async ({ principal, body }, reply) => {
      const { id } = requireUser(principal)
      const user = registry.accounts.users.get(id)!.state
      if (!(await verifyPassword(body.password, user.passwordHash))) throw new ProblemError('AuthFailedLogin')
      await deleteUser(deps, id)
      return reply.code(204).send(null)
    },
  )

  server.post(
    '/email-preferences/unsubscribe-reactivation',
    route('public', {
      operationId: 'emailPreferences.unsubscribeReactivation',
      tags,
      summary: 'Ask for no more reactivation mails',
      description: 'jethook never sends any, so there is nothing to note.',
      body: TokenPost,
      response: NoContent,
    }),
    async ({ body }, reply) => {
      refuseInvalid(validateLinkToken(body.token))
      return reply.code(204).send(null)
    },
  )
}
