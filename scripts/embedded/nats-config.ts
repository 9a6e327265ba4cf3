import { type KeyName, type KeyText, natsKeyFile } from '#shared/runtime/nats-keys.ts'
import {
  AUTHENTICATOR_RIGHTS,
  NATS_ACCOUNTS,
  type NatsRights,
  type NatsRole,
  rightsOf,
  SERVICE_ROLES,
  SHARED_SUBJECTS,
  SYSTEM_RIGHTS,
} from '#shared/runtime/nats-roles.ts'

/** For a client to be told whether it may in: the auth callout is asked in the meantime. */
const AUTH_TIMEOUT_SECONDS = 5
/** Connections of applications, all together: those of jethook's own services are beyond that. */
const APPLICATION_CONNECTIONS_MAX = 10_000

const ROLES: readonly NatsRole[] = [...SERVICE_ROLES, 'jethook', 'admin']

export interface AccessOptions {
  keys: ReadonlyMap<KeyName, KeyText>
  /** A user of the account JETHOOK that may do everything and has a password, for tests. */
  openUser?: { name: string; password: string }
}

export const quoted = (text: string): string => JSON.stringify(text)

/**
 * Accounts, users and the auth callout, in the words of nats-server's configuration. Made from the very tables that the services
 * and tests know (nats-roles.ts).
 */
export function accessConfig({ keys, openUser }: AccessOptions): string {
  const publicKey = (name: KeyName): string => keys.get(name)!.publicKey
  const own = ROLES.map((role) => `      # ${role}\n      ${userOf(publicKey(role), rightsOf(role))}`)
  if (openUser) own.push(`      { user: ${quoted(openUser.name)}, password: ${quoted(openUser.password)} }`)
  const authUsers = [...ROLES, 'authenticator' as const, 'system' as const].map(publicKey)
  if (openUser) authUsers.push(openUser.name)
  const { services, streams } = SHARED_SUBJECTS
  const exported = [
    ...services.map((subject) => `{ service: ${quoted(subject)} }`),
    ...streams.map((subject) => `{ stream: ${quoted(subject)} }`),
  ]
  const imported = [
    // Shared: the server writes into each message where it comes from, over whatever the client has put there.
    ...services.map(
      (subject) => `{ service: { account: ${NATS_ACCOUNTS.own}, subject: ${quoted(subject)} }, share: true }`,
    ),
    ...streams.map((subject) => `{ stream: { account: ${NATS_ACCOUNTS.own}, subject: ${quoted(subject)} } }`),
  ]
  return `accounts {
  # jethook itself
  ${NATS_ACCOUNTS.own} {
    jetstream: enabled
    users: [
${own.join('\n')}
    ]
    exports: [${exported.join(', ')}]
  }
  # Whoever comes with an application secret or a service token
  ${NATS_ACCOUNTS.applications} {
    imports: [${imported.join(', ')}]
    limits { max_connections: ${APPLICATION_CONNECTIONS_MAX} }
  }
  # Where nats-server asks who somebody is
  ${NATS_ACCOUNTS.callout} {
    users: [${userOf(publicKey('authenticator'), AUTHENTICATOR_RIGHTS, true)}]
  }
  # Ends connections whose credentials have been revoked
  ${NATS_ACCOUNTS.system} {
    users: [${userOf(publicKey('system'), SYSTEM_RIGHTS)}]
  }
}
system_account: ${NATS_ACCOUNTS.system}
authorization {
  timeout: ${AUTH_TIMEOUT_SECONDS}
  auth_callout {
    account: ${NATS_ACCOUNTS.callout}
    issuer: ${publicKey('issuer')}
    xkey: ${publicKey('xkey')}
    auth_users: [${authUsers.map(quoted).join(', ')}]
  }
}
`
}

/** @param mayAnswer Once to whoever asks. */
function userOf(nkey: string, { publish, subscribe }: NatsRights, mayAnswer = false): string {
  const allow = (subjects: readonly string[]) =>
    subjects.length === 0 ? '{ deny: ">" }' : `{ allow: [${subjects.map(quoted).join(', ')}] }`
  const parts = [`publish: ${allow(publish)}`, `subscribe: ${allow(subscribe)}`]
  if (mayAnswer) parts.push('allow_responses: true')
  return `{ nkey: ${nkey}, permissions: { ${parts.join(', ')} } }`
}

export interface TlsFiles {
  certFile: string
  keyFile: string
  /** Of the authority of the certificates that clients have to show; absent: they need none. */
  clientCaFile?: string
}

/** TLS 1.2 or later, from the first byte on: nothing is said in the clear that somebody in between could change. */
export function tlsConfig({ certFile, keyFile, clientCaFile }: TlsFiles): string {
  const verify = clientCaFile === undefined ? '' : `  ca_file: ${quoted(clientCaFile)}\n  verify: true\n`
  return `tls {
  cert_file: ${quoted(certFile)}
  key_file: ${quoted(keyFile)}
  min_version: "1.2"
  handshake_first: true
  timeout: 5
${verify}}
`
}

/** Where the keys of the configuration are, for whoever reads it. */
export function keyFilesComment(folder: string): string {
  const line = (name: KeyName) => `#   ${name}: ${natsKeyFile(folder, name)}`
  return ['# The private keys, one for each user:', ...ROLES.map(line)].join('\n')
}
