import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import type { StandardKeys } from '../facts/control.ts'

/** What Standard Webhooks signs: `id.timestamp.body`. */
export interface StandardMessage {
  /** Without a dot, so that nobody can shift the borders between the three. */
  id: string
  /** Seconds since the Unix epoch of this attempt. */
  timestamp: number
  body: Uint8Array
}

/** A subscription's keys, ready for use. */
export interface StandardSigner {
  hmacKey: Uint8Array
  privateKey: KeyObject
}

/** PKCS #8 of an ed25519 key is these bytes and the seed (RFC 8410). */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

export function standardSigner({ hmacKey, ed25519Seed }: StandardKeys): StandardSigner {
  return { hmacKey: Buffer.from(hmacKey, 'base64'), privateKey: ed25519Key(ed25519Seed) }
}

/** One of the parts of `webhook-signature`: HMAC-SHA256 in base64. */
export function signV1({ hmacKey }: StandardSigner, message: StandardMessage): string {
  const digest = createHmac('sha256', hmacKey).update(beginOf(message)).update(message.body).digest('base64')
  return `v1,${digest}`
}

/** One of the parts of `webhook-signature`: ed25519 in base64. */
export function signV1a({ privateKey }: StandardSigner, message: StandardMessage): string {
  const signed = Buffer.concat([Buffer.from(beginOf(message)), message.body])
  return `v1a,${sign(null, signed, privateKey).toString('base64')}`
}

function beginOf({ id, timestamp }: StandardMessage): string {
  return `${id}.${timestamp}.`
}

/** The secret of v1 as receivers take it. */
export function webhookSecretText({ hmacKey }: StandardKeys): string {
  return `whsec_${hmacKey}`
}

/** The public key of v1a as receivers take it. */
export function publicKeyText({ ed25519Seed }: StandardKeys): string {
  const { x } = createPublicKey(ed25519Key(ed25519Seed)).export({ format: 'jwk' })
  return `whpk_${Buffer.from(x!, 'base64url').toString('base64')}`
}

function ed25519Key(seed: string): KeyObject {
  const key = Buffer.concat([ED25519_PKCS8, Buffer.from(seed, 'base64')])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}
