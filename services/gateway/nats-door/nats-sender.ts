import type { Registry } from '#shared/domain/registry.ts'
import type { Principal } from '../authentication.ts'

/** NATS doesn't tell where a publisher sits. */
export const NO_ADDRESS = '0.0.0.0'

/**
 * Whoever the server lets publish under an application's subjects acts for it, like the holder of one of its secrets, and for
 * nothing else: no header and no body can name another one.
 */
export function principalOfApplication(applicationId: string, registry: Registry): Principal {
  const organizationId = registry.applications.get(applicationId)?.state.organizationId ?? ''
  return { kind: 'application_secret', id: 'nats', organizationId, applicationId }
}
