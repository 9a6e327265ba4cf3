import { isIP } from 'node:net'
import type { MsgHdrs } from '@nats-io/transport-node'
import type { Registry } from '#shared/domain/registry.ts'
import type { Principal } from '../authentication.ts'
import type { Sender } from '../ingest.ts'

/** Where a publisher sits that the server says nothing of. */
const NO_ADDRESS = '0.0.0.0'
/** Written by the server on what comes out of another account, in place of whatever stood there. */
const REQUEST_INFO = 'Nats-Request-Info'
const NAME_CHARACTERS_MAX = 200

export interface NatsSenderContext {
  registry: Registry
  /** Every publisher is in another account than INBOX: what its messages say of it the server has written. */
  isRequestInfoTrusted: boolean
}

/** Who has published a message, and from where. */
export function natsSenderOf(
  applicationId: string,
  headers: MsgHdrs | undefined,
  { registry, isRequestInfoTrusted }: NatsSenderContext,
): Sender {
  const principal = principalOfApplication(applicationId, registry)
  const info = isRequestInfoTrusted ? readRequestInfo(headers?.get(REQUEST_INFO)) : {}
  return { principal, ip: NO_ADDRESS, ...info }
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
export function readRequestInfo(header: string | undefined): { ip?: string; clientName?: string } {
  if (!header) return {}
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
