import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { KeyPair } from '@nats-io/nkeys'

/**
 * A NATS key whose signing is left to OpenSSL: the client library's own, in JavaScript, takes 6 ms each time, during which
 * nothing else in the process goes on.
 */
export interface Nkey {
  /** `U…` of a user, `A…` of an account. */
  publicKey: string
  sign(data: Uint8Array): Uint8Array
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const BITS_OF_CHARACTER = 5
const RAW_BYTES = 32
/** What DER puts before the 32 bytes of an Ed25519 key (RFC 8410). */
const PRIVATE_DER = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_DER = Buffer.from('302a300506032b6570032100', 'hex')
/** Before the key: of a seed two bytes that say what it is of, of a public key one. */
const SEED_PREFIX_BYTES = 2
const PUBLIC_PREFIX_BYTES = 1

/** @throws {Error} for what is no base32 (RFC 4648, without padding). */
function decodeBase32(text: string): Buffer {
  const bytes: number[] = []
  let bits = 0
  let value = 0
  for (const character of text) {
    const index = ALPHABET.indexOf(character)
    if (index < 0) throw new Error('it is no nkey')
    value = ((value << BITS_OF_CHARACTER) | index) & 0xfff
    bits += BITS_OF_CHARACTER
    if (bits < 8) continue
    bits -= 8
    bytes.push((value >> bits) & 0xff)
  }
  return Buffer.from(bytes)
}

function rawOf(text: string, prefixBytes: number): Buffer {
  const raw = decodeBase32(text).subarray(prefixBytes, prefixBytes + RAW_BYTES)
  if (raw.length !== RAW_BYTES) throw new Error('it is no nkey')
  return raw
}

/** @param publicKey Of the very seed. */
export function nkeyOf(seed: string, publicKey: string): Nkey {
  const der = Buffer.concat([PRIVATE_DER, rawOf(seed, SEED_PREFIX_BYTES)])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const own = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_DER.length)
  if (!own.equals(rawOf(publicKey, PUBLIC_PREFIX_BYTES))) throw new Error('its public key is another one')
  return { publicKey, sign: (data) => sign(null, data, key) }
}

/** Whether the holder of `publicKey` has signed `data`. */
export function isSignedBy(publicKey: string, data: Uint8Array, signature: Uint8Array): boolean {
  let key: KeyObject
  try {
    const der = Buffer.concat([PUBLIC_DER, rawOf(publicKey, PUBLIC_PREFIX_BYTES)])
    key = createPublicKey({ key: der, format: 'der', type: 'spki' })
  } catch {
    return false
  }
  return verify(null, data, key, signature)
}

/** As the library for JWTs asks for its keys. It looks whether there is a private one, and signs. */
export function asKeyPair({ publicKey, sign: signWith }: Nkey): KeyPair {
  const nothing = new Uint8Array()
  return { getPublicKey: () => publicKey, getPrivateKey: () => nothing, sign: signWith } as unknown as KeyPair
}
