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

/**
 * Finds out who sends a request (contract, behaviour.md §1). Credentials are found by a keyed hash; none is stored.
 * @throws {ProblemError} with the contract's id for what is missing or wrong.
 */
export function authenticate(header: string | undefined, registry: Registry, secretBox: SecretBox): Principal {
  if (header === undefined) throw new ProblemError('AuthNoAuthorizationHeader')
  if (!VISIBLE_ASCII.test(header)) throw new ProblemError('AuthInvalidAuthorizationHeader')
  const credential = header.startsWith(SCHEME) ? header.slice(SCHEME.length) : header
  const uuid = parseUuid(credential)
  return uuid === null
    ? byServiceToken(credential, registry, secretBox)
    : byApplicationSecret(uuid, registry, secretBox)
}

function byServiceToken(token: string, registry: Registry, secretBox: SecretBox): Principal {
  const found = registry.serviceTokensByLookup.get(secretBox.lookupOf(token))?.state
  if (found === undefined || found.deletedAtMs !== null) throw new ProblemError('AuthInvalidBiscuit')
  return { kind: 'service_token', id: found.tokenId, organizationId: found.organizationId }
}

function byApplicationSecret(secret: string, registry: Registry, secretBox: SecretBox): Principal {
  const lookup = secretBox.lookupOf(secret)
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
