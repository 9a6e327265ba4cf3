import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  type Authenticator,
  credsAuthenticator,
  type TlsOptions,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node'
import { type Settings, SettingsError } from './config.ts'
import { nkeyOfText, parseKey, readNatsKey } from './nats-keys.ts'
import { inboxPrefixOf, type NatsRole } from './nats-roles.ts'
import type { Nkey } from './nkey.ts'

/** What a connection shows and asks for, beside its address. */
export interface NatsAccess {
  /** Absent: what the address says, if anything. */
  authenticator?: Authenticator
  tls?: TlsOptions
  inboxPrefix?: string
}

export interface RoleAccess extends NatsAccess {
  /** Each role has a key of its own, which may do what that role needs; else one user does everything. */
  isOwnKey: boolean
}

type AccessSettings = Pick<
  Settings,
  | 'NATS_URL'
  | 'JETHOOK_HOME'
  | 'NATS_USER'
  | 'NATS_PASSWORD'
  | 'NATS_CREDS_FILE'
  | 'NATS_NKEY_FILE'
  | 'NATS_KEYS_DIR'
  | 'NATS_INBOX_PREFIX'
  | 'NATS_TLS_CA_FILE'
  | 'NATS_TLS_CERT_FILE'
  | 'NATS_TLS_KEY_FILE'
  | 'NATS_TLS_HANDSHAKE_FIRST'
  | 'NATS_SERVER_CERT_FILE'
>

/** Where the keys of roles are. */
export function natsKeysDir({ NATS_KEYS_DIR, JETHOOK_HOME }: Pick<Settings, 'NATS_KEYS_DIR' | 'JETHOOK_HOME'>): string {
  return resolve(NATS_KEYS_DIR || join(JETHOOK_HOME, 'nats', 'keys'))
}

/** Shows the key to the server by signing what the server has made up for this connection. */
export function keyAuthenticator(key: Nkey): Authenticator {
  return (nonce?: string) => ({
    nkey: key.publicKey,
    sig: Buffer.from(key.sign(Buffer.from(nonce ?? ''))).toString('base64url'),
  })
}

/**
 * How `role` connects, as the settings say: by what stands in `NATS_URL`, else a user, a credentials file, one key for all, or
 * the key that the role has of its own.
 * @throws {SettingsError | NatsKeyError} when a file that is named can't be used.
 */
export async function natsAccess(settings: AccessSettings, role: NatsRole): Promise<RoleAccess> {
  const tls = await tlsOf(settings)
  const common = {
    ...(tls === null ? {} : { tls }),
    ...(settings.NATS_INBOX_PREFIX === '' ? {} : { inboxPrefix: settings.NATS_INBOX_PREFIX }),
  }
  const shared = await sharedAuthenticator(settings)
  if (shared !== null) return { ...common, ...shared, isOwnKey: false }
  const key = await readNatsKey(natsKeysDir(settings), role)
  if (key === null) return { ...common, isOwnKey: false }
  return { inboxPrefix: inboxPrefixOf(role), ...common, authenticator: keyAuthenticator(key), isOwnKey: true }
}

async function sharedAuthenticator(settings: AccessSettings): Promise<Pick<NatsAccess, 'authenticator'> | null> {
  if (/\/\/[^/@,]+@/.test(settings.NATS_URL)) return {}
  if (settings.NATS_USER !== '')
    return { authenticator: usernamePasswordAuthenticator(settings.NATS_USER, settings.NATS_PASSWORD) }
  if (settings.NATS_CREDS_FILE !== '') {
    const creds = await readNamed('NATS_CREDS_FILE', settings.NATS_CREDS_FILE)
    return { authenticator: credsAuthenticator(Buffer.from(creds)) }
  }
  if (settings.NATS_NKEY_FILE !== '') {
    const text = await readNamed('NATS_NKEY_FILE', settings.NATS_NKEY_FILE)
    return { authenticator: keyAuthenticator(nkeyOfText(parseKey(text, settings.NATS_NKEY_FILE), 'NATS_NKEY_FILE')) }
  }
  return null
}

/** Null: it is left to the server whether there is TLS. */
async function tlsOf(settings: AccessSettings): Promise<TlsOptions | null> {
  const { NATS_TLS_CA_FILE: ca, NATS_TLS_CERT_FILE: cert, NATS_TLS_KEY_FILE: key } = settings
  if ((cert === '') !== (key === ''))
    throw new SettingsError('Settings: NATS_TLS_CERT_FILE and NATS_TLS_KEY_FILE go together.')
  // The embedded server says nothing before.
  const handshakeFirst = settings.NATS_TLS_HANDSHAKE_FIRST || settings.NATS_SERVER_CERT_FILE !== ''
  const isWished = ca !== '' || cert !== '' || handshakeFirst || /(^|,\s*)tls:/.test(settings.NATS_URL)
  if (!isWished) return null
  return {
    ...(handshakeFirst ? { handshakeFirst } : {}),
    ...(ca === '' ? {} : { ca: await readNamed('NATS_TLS_CA_FILE', ca) }),
    ...(cert === '' ? {} : { cert: await readNamed('NATS_TLS_CERT_FILE', cert) }),
    ...(key === '' ? {} : { key: await readNamed('NATS_TLS_KEY_FILE', key) }),
  }
}

async function readNamed(setting: string, file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new SettingsError(`Settings: ${setting} (${file}) can't be read: ${error.code}.`)
  })
}
