import { createHash } from 'node:crypto'
import { parseUuid } from './ids.ts'
import type { Registry } from './registry.ts'

/** What somebody shows who connects to NATS: a token, or a user and a password; empty: none. */
export interface NatsLogin {
  token: string
  user: string
  password: string
}

/** On whose behalf a client of NATS acts. */
export type NatsClient =
  | { kind: 'application_secret'; lookup: string; applicationId: string }
  /** `applicationId` null: for all applications of the organisation. */
  | { kind: 'service_token'; tokenId: string; organizationId: string; applicationId: string | null }

export interface CredentialLookup {
  registry: Registry
  /** The keyed hash that credentials are found by. */
  lookupOf(credential: string): string
  areApplicationSecretsTaken: boolean
}

/** Applications that one connection may speak for: each of them is a few entries in its permissions. */
export const APPLICATIONS_OF_CLIENT_MAX = 100
const DIGEST_CHARACTERS = 12

/**
 * Who shows this, or null when it is nobody that may come in. The credential is the token or the password; a user, where there is
 * one, is the application to speak for, or the organisation of a service token.
 */
export function natsClientOf({ token, user, password }: NatsLogin, lookup: CredentialLookup): NatsClient | null {
  const credential = token || password
  if (credential === '' || (token !== '' && user !== '')) return null
  const client = clientOfCredential(credential, lookup)
  if (client === null || user === '') return client
  const id = parseUuid(user)
  if (client.kind === 'application_secret') return client.applicationId === id ? client : null
  return id === client.organizationId ? client : { ...client, applicationId: id ?? '' }
}

function clientOfCredential(credential: string, lookup: CredentialLookup): NatsClient | null {
  const { registry, lookupOf } = lookup
  const secret = parseUuid(credential)
  if (secret !== null) {
    const found = registry.applicationSecretsByLookup.get(lookupOf(secret))?.state
    if (!lookup.areApplicationSecretsTaken || found === undefined) return null
    return { kind: 'application_secret', lookup: found.lookup, applicationId: found.applicationId }
  }
  const found = registry.serviceTokensByLookup.get(lookupOf(credential))?.state
  if (found === undefined) return null
  const { tokenId, organizationId } = found
  return { kind: 'service_token', tokenId, organizationId, applicationId: null }
}

/**
 * The applications that a client may speak for as things are now, in order; none: it may not come in, or not stay. Neither may
 * one whose organisation has more than 100 of them: it has to name one.
 */
export function applicationsOfClient(client: NatsClient, registry: Registry): string[] {
  if (client.kind === 'application_secret') {
    const secret = registry.applicationSecretsByLookup.get(client.lookup)?.state
    const isLive = secret !== undefined && secret.deletedAtMs === null
    return isLive && isLiveApplication(client.applicationId, registry) ? [client.applicationId] : []
  }
  const token = registry.serviceTokens.get(client.tokenId)?.state
  const { organizationId, applicationId } = client
  if (token === undefined || token.deletedAtMs !== null) return []
  const ids = registry
    .applicationsOf(organizationId)
    .map(({ state }) => state.applicationId)
    .filter((id) => (applicationId === null || id === applicationId) && isLiveApplication(id, registry))
  return ids.length > APPLICATIONS_OF_CLIENT_MAX ? [] : ids.toSorted()
}

function isLiveApplication(applicationId: string, registry: Registry): boolean {
  const application = registry.applications.get(applicationId)?.state
  if (application === undefined || application.deletedAtMs !== null) return false
  // Organisations of the first release have no fact of their own.
  return (registry.organizations.get(application.organizationId)?.state.deletedAtMs ?? null) === null
}

/**
 * What a connection is called by the server: whose it is, without the credential, and what it was let in for. Who holds other
 * applications by now has another name.
 */
export function connectionName(client: NatsClient, applicationIds: readonly string[]): string {
  if (client.kind === 'application_secret') return `application_secret:${client.lookup}:${client.applicationId}`
  const { tokenId, organizationId, applicationId } = client
  const of =
    applicationId ?? createHash('sha256').update(applicationIds.join()).digest('hex').slice(0, DIGEST_CHARACTERS)
  return `service_token:${tokenId}:${organizationId}:${applicationId === null ? 'all' : 'one'}:${of}`
}

/** Whether a connection that was let in under this name may stay. */
export function mayStay(name: string, registry: Registry): boolean {
  const client = clientOfName(name)
  if (client === null) return false
  const applicationIds = applicationsOfClient(client, registry)
  return applicationIds.length > 0 && connectionName(client, applicationIds) === name
}

function clientOfName(name: string): NatsClient | null {
  const [kind, ...parts] = name.split(':')
  if (kind === 'application_secret' && parts.length === 2) return { kind, lookup: parts[0]!, applicationId: parts[1]! }
  if (kind !== 'service_token' || parts.length !== 4) return null
  const [tokenId, organizationId, extent, of] = parts as [string, string, string, string]
  return { kind, tokenId, organizationId, applicationId: extent === 'one' ? of : null }
}

/** Whose inbox a client has: its application's, or its organisation's. */
export function inboxOwnerOf(client: NatsClient): string {
  if (client.kind === 'application_secret') return client.applicationId
  return client.applicationId ?? client.organizationId
}
