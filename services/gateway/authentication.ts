import { hash, timingSafeEqual } from 'node:crypto'
import { ProblemError } from '#shared/contract/problems.ts'
import { parseUuid } from '#shared/domain/ids.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { SecretBox } from '#shared/domain/secret-box.ts'
import type { Actor, SessionState, UserState } from '#shared/facts/control.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { AuthConfig } from './config.ts'
import { TOKEN_PREFIXES } from './tokens.ts'

/** Who asks. A service token acts for its organisation, an application secret for its application alone. */
export type Principal =
  | { kind: 'user'; id: string; session: SessionState }
  | { kind: 'service_token'; id: string; organizationId: string }
  | { kind: 'application_secret'; id: string; organizationId: string; applicationId: string }
  | { kind: 'master'; id: 'master' }

const VISIBLE_ASCII = /^[\x20-\x7e]*$/
const SCHEME = 'Bearer '

/** Credentials whose keyed hash is kept, so that it isn't made anew for each request. */
const KNOWN_CREDENTIALS_MAX = 1_000

export interface Authenticator {
  /** Of every route but one. @throws {ProblemError} with the contract's id for what is missing or wrong. */
  authenticate(header: string | undefined): Principal
  /** The session of a refresh token that has not been used. @throws {ProblemError} */
  sessionToRefresh(header: string | undefined): SessionState
}

export interface AuthenticatorDependencies {
  registry: Registry
  secretBox: SecretBox
  config: Pick<AuthConfig, 'masterKey' | 'areApplicationSecretsTaken'>
  clock: Clock
}

/** Finds out who sends a request (contract, behaviour.md §1). Credentials are found by a keyed hash; none is stored. */
export function createAuthenticator({ registry, secretBox, config, clock }: AuthenticatorDependencies): Authenticator {
  const lookups = new Map<string, string>()
  /** Remembers the hashes of credentials that are in use; whether they are still valid is asked of the registry each time. */
  const lookupOf = (credential: string): string => {
    const known = lookups.get(credential)
    if (known !== undefined) return known
    const lookup = secretBox.lookupOf(credential)
    if (registry.serviceTokensByLookup.has(lookup) || registry.applicationSecretsByLookup.has(lookup)) {
      if (lookups.size >= KNOWN_CREDENTIALS_MAX) lookups.clear()
      lookups.set(credential, lookup)
    }
    return lookup
  }

  function authenticate(header: string | undefined): Principal {
    const credential = credentialOf(header)
    const uuid = parseUuid(credential)
    if (uuid !== null) return byUuid(uuid)
    if (credential.startsWith(TOKEN_PREFIXES.access)) return byAccessToken(credential)
    if (credential.startsWith(TOKEN_PREFIXES.refresh)) {
      refreshable(credential)
      throw new ProblemError('Forbidden')
    }
    return byServiceToken(credential)
  }

  function byUuid(uuid: string): Principal {
    if (config.masterKey !== null && isSame(uuid, config.masterKey)) return { kind: 'master', id: 'master' }
    if (!config.areApplicationSecretsTaken) throw new ProblemError('AuthInvalidBiscuit')
    return byApplicationSecret(uuid, registry, lookupOf)
  }

  function byAccessToken(token: string): Principal {
    const lookup = secretBox.lookupOf(token)
    const session = registry.accounts.sessionByAccess(lookup)?.state
    const access = session?.access.find((each) => each.lookup === lookup)
    if (!session || !access || access.expiresAtMs <= clock.nowMs() || !userOf(session, registry))
      throw new ProblemError('AuthInvalidBiscuit')
    return { kind: 'user', id: session.userId, session }
  }

  function byServiceToken(token: string): Principal {
    const found = registry.serviceTokensByLookup.get(lookupOf(token))?.state
    if (found === undefined || found.deletedAtMs !== null || !isLive(found.organizationId, registry))
      throw new ProblemError('AuthInvalidBiscuit')
    return { kind: 'service_token', id: found.tokenId, organizationId: found.organizationId }
  }

  function refreshable(token: string): SessionState {
    const session = registry.accounts.sessionByRefresh(secretBox.lookupOf(token))?.state
    if (!session || session.refresh.expiresAtMs <= clock.nowMs() || !userOf(session, registry))
      throw new ProblemError('AuthInvalidBiscuit')
    return session
  }

  return {
    authenticate,
    sessionToRefresh(header) {
      const credential = credentialOf(header)
      if (credential.startsWith(TOKEN_PREFIXES.refresh)) return refreshable(credential)
      authenticate(header)
      throw new ProblemError('AuthFailedRefresh')
    },
  }
}

function credentialOf(header: string | undefined): string {
  if (header === undefined) throw new ProblemError('AuthNoAuthorizationHeader')
  if (!VISIBLE_ASCII.test(header)) throw new ProblemError('AuthInvalidAuthorizationHeader')
  return header.startsWith(SCHEME) ? header.slice(SCHEME.length) : header
}

/** The session's user, unless the session has ended with all others of the user. */
function userOf(session: SessionState, registry: Registry): UserState | null {
  const user = registry.accounts.users.get(session.userId)?.state
  const isEnded =
    user === undefined ||
    user.deletedAtMs !== null ||
    session.endedAtMs !== null ||
    session.startedAtMs <= user.sessionsEndedAtMs
  return isEnded ? null : user
}

function byApplicationSecret(secret: string, registry: Registry, lookupOf: (credential: string) => string): Principal {
  const lookup = lookupOf(secret)
  const found = registry.applicationSecretsByLookup.get(lookup)?.state
  const application = found && registry.applications.get(found.applicationId)?.state
  if (found === undefined || found.deletedAtMs !== null || !application || application.deletedAtMs !== null) {
    throw new ProblemError('AuthInvalidApplicationSecret')
  }
  return {
    kind: 'application_secret',
    id: lookup,
    organizationId: found.organizationId,
    applicationId: found.applicationId,
  }
}

function isLive(organizationId: string, registry: Registry): boolean {
  return registry.organizations.get(organizationId)?.state.deletedAtMs === null
}

/** Compared in constant time, whatever the lengths. */
export function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', wanted, 'buffer'))
}

/** How a change is noted: an application secret by the beginning of its keyed hash. */
export function actorOf({ kind, id }: Principal): Actor {
  return { kind, id: kind === 'application_secret' ? id.slice(0, 12) : id }
}
