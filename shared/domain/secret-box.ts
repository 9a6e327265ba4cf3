import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** Encrypts what has to be shown again, and finds it by a keyed hash. */
export interface SecretBox {
  /** AES-256-GCM under a fresh nonce; `context` (what the secret belongs to) must be given again to open it. */
  seal(plain: string, context: string): string
  /** @throws {Error} when the key, the context or the text is not what it was sealed with. */
  open(sealed: string, context: string): string
  /** A keyed hash, in hex, by which a credential is found without being stored. */
  lookupOf(credential: string): string
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** @param masterKey 32 bytes. The keys for sealing and for look-ups are derived from it. */
export function createSecretBox(masterKey: Uint8Array): SecretBox {
  if (masterKey.length !== 32) throw new Error(`The secret key must have 32 bytes, not ${masterKey.length}`)
  const sealKey = Buffer.from(hkdfSync('sha256', masterKey, '', 'jethook seal', 32))
  const lookupKey = Buffer.from(hkdfSync('sha256', masterKey, '', 'jethook lookup', 32))
  const keyId = createHmac('sha256', masterKey).update('jethook key id').digest('hex').slice(0, 8)
  return {
    seal(plain, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce).setAAD(Buffer.from(context))
      const body = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `${keyId}.${body.toString('base64url')}`
    },
    open(sealed, context) {
      const [sealedWith, text] = sealed.split('.')
      if (sealedWith !== keyId || text === undefined)
        throw new Error(`Sealed with the key ${sealedWith}, not with ${keyId}`)
      const body = Buffer.from(text, 'base64url')
      const decipher = createDecipheriv('aes-256-gcm', sealKey, body.subarray(0, NONCE_BYTES))
      decipher.setAAD(Buffer.from(context)).setAuthTag(body.subarray(-TAG_BYTES))
      return decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
    },
    lookupOf: (credential) => createHmac('sha256', lookupKey).update(credential).digest('hex'),
  }
}
