import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** Encrypts what has to be shown again, and finds it by a keyed hash. */
export interface SecretBox {
  /** AES-256-GCM under a fresh nonce; `context` (what the secret belongs to) must be given again to open it. */
  seal(plain: string, context: string): string
  /** @throws {Error} when the key, the context or the text is not what it was sealed with. */
  open(sealed: string, context: string): string
  /** A keyed hash, in hex, by which a credential is found without being stored. */
  lookupOf(credential: string): string
  /** Whether it was sealed with the key that seals now. */
  isCurrent(sealed: string): boolean
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

interface SealKey {
  id: string
  key: Buffer
}

/**
 * @param masterKeys 32 bytes each. The first one seals; all of them open what they have sealed; the last one, which stays
 * when keys are changed, makes the look-ups. The keys for sealing and for look-ups are derived from them.
 */
export function createSecretBox(masterKeys: readonly Uint8Array[]): SecretBox {
  const [current, ...older] = masterKeys.map(sealKeyOf)
  if (current === undefined) throw new Error('A secret box needs a key')
  const keys = new Map([current, ...older].map((each) => [each.id, each.key]))
  const lookupKey = Buffer.from(hkdfSync('sha256', masterKeys.at(-1)!, '', 'jethook lookup', 32))
  return {
    seal(plain, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', current.key, nonce).setAAD(Buffer.from(context))
      const body = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `${current.id}.${body.toString('base64url')}`
    },
    open(sealed, context) {
      const [sealedWith = '', text] = sealed.split('.')
      const key = keys.get(sealedWith)
      if (key === undefined || text === undefined)
        throw new Error(`Sealed with the key ${sealedWith}, which is none of ${[...keys.keys()].join(', ')}`)
      const body = Buffer.from(text, 'base64url')
      const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, NONCE_BYTES))
      decipher.setAAD(Buffer.from(context)).setAuthTag(body.subarray(-TAG_BYTES))
      return decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
    },
    lookupOf: (credential) => createHmac('sha256', lookupKey).update(credential).digest('hex'),
    isCurrent: (sealed) => sealed.startsWith(`${current.id}.`),
  }
}

function sealKeyOf(masterKey: Uint8Array): SealKey {
  if (masterKey.length !== 32) throw new Error(`The secret key must have 32 bytes, not ${masterKey.length}`)
  return {
    id: createHmac('sha256', masterKey).update('jethook key id').digest('hex').slice(0, 8),
    key: Buffer.from(hkdfSync('sha256', masterKey, '', 'jethook seal', 32)),
  }
}
