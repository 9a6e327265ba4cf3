import { encodeAuthorizationResponse, encodeUser } from '@nats-io/jwt'
import { fromCurveSeed } from '@nats-io/nkeys'
import {
  applicationsOfClient,
  type CredentialLookup,
  connectionName,
  inboxOwnerOf,
  natsClientOf,
} from '#shared/domain/nats-client.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { KeyText } from '#shared/runtime/nats-keys.ts'
import { NATS_ACCOUNTS, rightsOfApplications } from '#shared/runtime/nats-roles.ts'
import { asKeyPair, type Nkey } from '#shared/runtime/nkey.ts'
import type { LoginRequest } from './login-request.ts'

/** Subscriptions of one connection: an application has a few. */
const SUBSCRIPTIONS_MAX = 1_000

/** Encrypts between a server and the callout: credentials are in what is asked. */
export interface Seal {
  open(data: Uint8Array, serverXkey: string): string
  seal(text: string, serverXkey: string): Uint8Array
}

/** @throws {Error} when what is opened was not sealed for this key. */
export function createSeal({ seed }: KeyText): Seal {
  const pair = fromCurveSeed(new TextEncoder().encode(seed))
  return {
    open(data, serverXkey) {
      const opened = pair.open(data, serverXkey)
      if (opened === null) throw new Error('it was not sealed for this key')
      return new TextDecoder().decode(opened)
    },
    seal: (text, serverXkey) => pair.seal(new TextEncoder().encode(text), serverXkey),
  }
}

export interface AnswerContext extends CredentialLookup {
  issuer: Nkey
  sessionSeconds: number
  clock: Clock
}

/** The user's JWT with all that the client may do, or null when it may not come in. */
export async function admission({ login, userNkey }: LoginRequest, context: AnswerContext): Promise<string | null> {
  const client = natsClientOf(login, context)
  const applicationIds = client === null ? [] : applicationsOfClient(client, context.registry)
  if (client === null || applicationIds.length === 0) return null
  const { publish, subscribe } = rightsOfApplications(inboxOwnerOf(client), applicationIds)
  const user = {
    pub: { allow: [...publish], deny: [] },
    sub: { allow: [...subscribe], deny: [] },
    subs: SUBSCRIPTIONS_MAX,
  }
  const { sessionSeconds, clock } = context
  return encodeUser(connectionName(client, applicationIds), userNkey, asKeyPair(context.issuer), user, {
    aud: NATS_ACCOUNTS.applications,
    ...(sessionSeconds === 0 ? {} : { exp: Math.floor(clock.nowMs() / 1_000) + sessionSeconds }),
  })
}

/** What the server is told: a JWT, or that nobody is let in. */
export function responseTo(
  { userNkey, serverId }: LoginRequest,
  userJwt: string | null,
  issuer: Nkey,
): Promise<string> {
  const data =
    userJwt === null ? { error: 'not an application secret or service token that is valid' } : { jwt: userJwt }
  return encodeAuthorizationResponse(userNkey, serverId, asKeyPair(issuer), data, {})
}
