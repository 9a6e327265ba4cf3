import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAccount, createCurve, createUser, fromSeed, type KeyPair } from '@nats-io/nkeys'
import { type NatsRole, SERVICE_ROLES } from './nats-roles.ts'
import { type Nkey, nkeyOf } from './nkey.ts'

/** Who has a key: jethook's users; those of the auth callout in its account and in the system's; what signs and seals its answers. */
export const KEY_NAMES = [...SERVICE_ROLES, 'jethook', 'admin', 'authenticator', 'system', 'issuer', 'xkey'] as const
export type KeyName = (typeof KEY_NAMES)[number]

/** A key file that can't be used; the message names it. */
export class NatsKeyError extends Error {
  override name = 'NatsKeyError'
}

export interface KeyText {
  seed: string
  publicKey: string
}

const KINDS: Partial<Record<KeyName, () => KeyPair>> = { issuer: createAccount, xkey: createCurve }
const SEED = /\bS[A-Z2-7]{50,}\b/
const PUBLIC = /\b[AUX][A-Z2-7]{50,}\b/

export function natsKeyFile(folder: string, name: KeyName): string {
  return join(folder, name === 'xkey' ? 'callout.xk' : `${name}.nk`)
}

/** Makes the keys that are not there yet, each in a file of its own, readable by its owner only. */
export async function makeNatsKeys(folder: string): Promise<Map<KeyName, KeyText>> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  const keys = new Map<KeyName, KeyText>()
  for (const name of KEY_NAMES) keys.set(name, (await readKeyText(folder, name)) ?? (await makeKey(folder, name)))
  return keys
}

/** Written apart and linked: the key is there whole or not at all, and of two that make it one wins. */
async function makeKey(folder: string, name: KeyName): Promise<KeyText> {
  const pair = (KINDS[name] ?? createUser)()
  const file = natsKeyFile(folder, name)
  const draft = `${file}.${process.pid}`
  const seed = new TextDecoder().decode(pair.getSeed())
  await writeFile(draft, `${seed}\n# ${pair.getPublicKey()}\n`, { mode: 0o600, flush: true })
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(draft)
  return (await readKeyText(folder, name))!
}

/**
 * The key that a service has in a folder, or null when there is none.
 * @throws {NatsKeyError} when the file holds no key.
 */
export async function readNatsKey(folder: string, name: Exclude<KeyName, 'xkey'>): Promise<Nkey | null> {
  const text = await readKeyText(folder, name)
  return text === null ? null : nkeyOfText(text, natsKeyFile(folder, name))
}

export async function readKeyText(folder: string, name: KeyName): Promise<KeyText | null> {
  const file = natsKeyFile(folder, name)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new NatsKeyError(`The NATS key ${file} can't be read: ${error.code}.`)
  })
  return text === null ? null : parseKey(text, file)
}

/** @param text A seed, and perhaps its public key, which is made from it otherwise. */
export function parseKey(text: string, file: string): KeyText {
  const seed = SEED.exec(text)?.[0]
  if (seed === undefined) throw new NatsKeyError(`The NATS key ${file} holds no seed (a line that begins with SU).`)
  try {
    return { seed, publicKey: PUBLIC.exec(text.replace(seed, ''))?.[0] ?? publicKeyOf(seed) }
  } catch {
    throw new NatsKeyError(`The NATS key ${file} holds no seed that can be used.`)
  }
}

export function nkeyOfText({ seed, publicKey }: KeyText, file: string): Nkey {
  try {
    return nkeyOf(seed, publicKey)
  } catch (error) {
    throw new NatsKeyError(`The NATS key ${file} can't be used: ${(error as Error).message}.`)
  }
}

function publicKeyOf(seed: string): string {
  return fromSeed(new TextEncoder().encode(seed)).getPublicKey()
}

/** The user that a process is by its name: operators' commands are `admin`, what is no service alone has the rights of all. */
export function natsRoleOf(name: string): NatsRole {
  return name === 'admin' ? name : (SERVICE_ROLES.find((role) => role === name) ?? 'jethook')
}
