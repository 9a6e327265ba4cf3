import type { AuthorizationRequest, ClaimsData } from '@nats-io/jwt'
import type { NatsLogin } from '#shared/domain/nats-client.ts'
import { isSignedBy } from '#shared/runtime/nkey.ts'

/** Somebody wants to connect to a server, which asks who that is. */
export interface LoginRequest {
  serverId: string
  /** Made by the server for this connection: the answer is for nobody else. */
  userNkey: string
  login: NatsLogin
  /** For the log: where from, and what the client calls itself. */
  from: { host: string; name: string }
  /** The server has given up by then. */
  expiresAtMs: number
}

/** What was asked is not what a server asks. */
export class LoginRequestError extends Error {
  override name = 'LoginRequestError'
}

const AUDIENCE = 'nats-authorization-request'

/**
 * Reads what a server asks, a JWT, once it is decrypted.
 * @param serverXkey Of whom it was encrypted by.
 * @throws {LoginRequestError} when it is not signed by the server that it speaks of.
 */
export function readLoginRequest(jwt: string, serverXkey: string): LoginRequest {
  const claims = verifiedClaims(jwt)
  const { server_id: server, user_nkey: userNkey, connect_opts: shown, client_info: client } = claims.nats
  if (server === undefined || userNkey === undefined) throw new LoginRequestError('it names no server or no user')
  if (claims.aud !== AUDIENCE || claims.iss !== server.id || !claims.iss.startsWith('N'))
    throw new LoginRequestError('it is not from the server that it names')
  if (server.xkey !== serverXkey) throw new LoginRequestError('it was encrypted by somebody else than the server')
  return {
    serverId: server.id,
    userNkey,
    login: { token: shown?.auth_token ?? '', user: shown?.user ?? '', password: shown?.pass ?? '' },
    from: { host: client?.host ?? '', name: shown?.name ?? '' },
    expiresAtMs: (claims.exp ?? 0) * 1_000,
  }
}

/** The library's own check takes 13 ms of JavaScript. */
function verifiedClaims(jwt: string): ClaimsData<AuthorizationRequest> {
  const [header = '', body = '', signature = '', ...more] = jwt.split('.')
  if (more.length > 0 || signature === '') throw new LoginRequestError('it is no JWT')
  const claims = jsonOf<ClaimsData<AuthorizationRequest>>(body)
  const { alg } = jsonOf<{ alg?: string }>(header)
  const isSigned =
    alg === 'ed25519-nkey' &&
    typeof claims.iss === 'string' &&
    isSignedBy(claims.iss, Buffer.from(`${header}.${body}`), Buffer.from(signature, 'base64url'))
  if (!isSigned) throw new LoginRequestError('its signature is wrong')
  return claims
}

/** The parser's own message would quote a credential. */
function jsonOf<T>(base64: string): T {
  try {
    return JSON.parse(Buffer.from(base64, 'base64url').toString('utf8')) as T
  } catch {
    throw new LoginRequestError('it is no JWT')
  }
}
