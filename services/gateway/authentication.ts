import { ProblemError } from '#shared/contract/problems.ts'
import { parseUuid } from '#shared/domain/ids.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { SecretBox } from '#shared/domain/secret-box.ts'
import type { Actor, ApplicationState } from '#shared/facts/control.ts'

/** Who asks: a service token acts for its organisation, an application secret for its application alone. */
export type Principal =
  | { kind: 'service_token'; id: string; organizationId: string }
  | { kind: 'application_secret'; id: string; organizationId: string; applicationId: string }

const VISIBLE_ASCII = /^[\x20-\x7e]*$/
const SCHEME = 'Bearer '

/** Credentials whose keyed hash is kept, so that it isn't made anew for each request. */
const KNOWN_CREDENTIALS_MAX = 1_000

export type Authenticate = (header: string | undefined) => Principal

/**
 * Finds out who sends a request (contract, behaviour.md §1). Credentials are found by a keyed hash; none is stored.
 * @returns a function that throws {ProblemError} with the contract's id for what is missing or wrong.
 */
export function createAuthenticator({
  registry,
  secretBox,
}: {
  registry: Registry
  secretBox: SecretBox
}): Authenticate {
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
  return (header) => authenticate(header, registry, lookupOf)
}

type LookupOf = (credential: string) => string

function authenticate(header: string | undefined, registry: Registry, lookupOf: LookupOf): Principal {
  if (header === undefined) throw new ProblemError('AuthNoAuthorizationHeader')
  if (!VISIBLE_ASCII.test(header)) throw new ProblemError('AuthInvalidAuthorizationHeader')
  const credential = header.startsWith(SCHEME) ? header.slice(SCHEME.length) : header
  const uuid = parseUuid(credential)
  return uuid === null ? byServiceToken(credential, registry, lookupOf) : byApplicationSecret(uuid, registry, lookupOf)
}

function byServiceToken(token: string, registry: Registry, lookupOf: LookupOf): Principal {
  const found = registry.serviceTokensByLookup.get(lookupOf(token))?.state
  if (found === undefined || found.deletedAtMs !== null) throw new ProblemError('AuthInvalidBiscuit')
  return { kind: 'service_token', id: found.tokenId, organizationId: found.organizationId }
}

function byApplicationSecret(secret: string, registry: Registry, lookupOf: LookupOf): Principal {
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

/**
 * The application, if the principal may act on it.
 * @throws {ProblemError} Forbidden, whether it is unknown, deleted or somebody else's.
 */
export function authorizeApplication(
  principal: Principal,
  applicationId: string,
  registry: Registry,
): ApplicationState {
  const application = registry.applications.get(applicationId)?.state
  const isAllowed =
    application !== undefined &&
    application.deletedAtMs === null &&
    application.organizationId === principal.organizationId &&
    (principal.kind === 'service_token' || principal.applicationId === applicationId)
  if (!isAllowed) throw new ProblemError('Forbidden')
  return application
}

export function actorOf({ kind, id }: Principal): Actor {
  return { kind, id }
}
