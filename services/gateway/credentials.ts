import { randomBytes, randomUUID } from 'node:crypto'
import type { SecretBox } from '#shared/domain/secret-box.ts'
import type { Actor, ApplicationSecretState, ServiceTokenState, SigningSecrets } from '#shared/facts/control.ts'
import { newToken } from './tokens.ts'

interface Making {
  nowMs: number
  by: Actor
}

/** A new secret of an application: a random UUID, sealed. */
export function newApplicationSecret(
  secretBox: SecretBox,
  of: { applicationId: string; organizationId: string; name: string | null },
  { nowMs, by }: Making,
): { state: ApplicationSecretState; secret: string } {
  const secret = randomUUID()
  const lookup = secretBox.lookupOf(secret)
  const state: ApplicationSecretState = {
    v: 1,
    type: 'application_secret',
    lookup,
    sealed: secretBox.seal(secret, secretContext(lookup)),
    ...of,
    createdAtMs: nowMs,
    deletedAtMs: null,
    changedAtMs: nowMs,
    changedBy: by,
  }
  return { state, secret }
}

export function openApplicationSecret(secretBox: SecretBox, { sealed, lookup }: ApplicationSecretState): string {
  return secretBox.open(sealed, secretContext(lookup))
}

export function newServiceToken(
  secretBox: SecretBox,
  of: { organizationId: string; name: string },
  { nowMs, by }: Making,
): { state: ServiceTokenState; token: string } {
  const token = newToken('service')
  const tokenId = randomUUID()
  const state: ServiceTokenState = {
    v: 1,
    type: 'service_token',
    tokenId,
    lookup: secretBox.lookupOf(token),
    sealed: secretBox.seal(token, tokenContext(tokenId)),
    ...of,
    createdAtMs: nowMs,
    deletedAtMs: null,
    changedAtMs: nowMs,
    changedBy: by,
  }
  return { state, token }
}

export function openServiceToken(secretBox: SecretBox, { sealed, tokenId }: ServiceTokenState): string {
  return secretBox.open(sealed, tokenContext(tokenId))
}

const STANDARD_KEY_BYTES = 32

/** What a subscription signs with, of every kind: it may come to sign in another way later. */
export function newSigningSecrets(): Required<SigningSecrets> {
  const newKey = () => randomBytes(STANDARD_KEY_BYTES).toString('base64')
  return { secret: randomUUID(), standard: { hmacKey: newKey(), ed25519Seed: newKey() } }
}

function secretContext(lookup: string): string {
  return `application_secret:${lookup}`
}

function tokenContext(tokenId: string): string {
  return `service_token:${tokenId}`
}
