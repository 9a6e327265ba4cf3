import { isIP } from 'node:net'
import type { Registry } from '#shared/domain/registry.ts'
import type { Principal } from '../authentication.ts'
import type { Sender } from '../ingest.ts'

/** Where a publisher sits that the server says nothing of. */
const NO_ADDRESS = '0.0.0.0'
/** Written by the server on a request that comes out of another account, in place of whatever stood there. */
export const REQUEST_INFO = 'Nats-Request-Info'
const NAME_CHARACTERS_MAX = 200

/** Who has published a message, and from where. @param info What the server says of the connection; null: nothing. */
export function natsSenderOf(applicationId: string, info: string | null, registry: Registry): Sender {
  return { principal: principalOfApplication(applicationId, registry), ip: NO_ADDRESS, ...readRequestInfo(info) }
}

/**
 * Whoever the server lets publish under an application's subjects acts for it, like the holder of one of its secrets, and for
 * nothing else: no header and no body can name another one.
 */
function principalOfApplication(applicationId: string, registry: Registry): Principal {
  const organizationId = registry.applications.get(applicationId)?.state.organizationId ?? ''
  return { kind: 'application_secret', id: 'nats', organizationId, applicationId }
}

/** Address and name of a connection; the server tells them only where the import is set up so (`share`). */
export function readRequestInfo(header: string | null): { ip?: string; clientName?: string } {
  if (header === null) return {}
  try {
    const { host, name } = JSON.parse(header) as { host?: unknown; name?: unknown }
    return {
      ...(typeof host === 'string' && isIP(host) !== 0 ? { ip: host } : {}),
      ...(typeof name === 'string' && name !== ''
        ? { clientName: name.slice(0, NAME_CHARACTERS_MAX).toWellFormed() }
        : {}),
    }
  } catch {
    return {}
  }
}
