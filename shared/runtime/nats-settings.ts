import { flag, integer, text } from './setting.ts'

const file = (description: string) => text('', { group: 'NATS', description })

/** How jethook connects to NATS, how the embedded server is reached, and who else may come in. */
export const NATS_SETTINGS = {
  NATS_USER: text('', { group: 'NATS', description: 'User, where NATS_URL names none' }),
  NATS_PASSWORD: text('', { group: 'NATS', sensitive: true, description: 'Password of NATS_USER' }),
  NATS_CREDS_FILE: file('Credentials file (JWT and seed) of a user of an operator'),
  NATS_NKEY_FILE: file('Seed of an nkey user, which all services then share'),
  NATS_KEYS_DIR: file('Directory of one nkey seed for each service; default: JETHOOK_HOME/nats/keys'),
  NATS_INBOX_PREFIX: text('', {
    group: 'NATS',
    description: 'Subject that answers come under; default: _INBOX_ and the name of the key, else _INBOX',
  }),
  NATS_TLS_CA_FILE: file('Certificates in PEM of the authority that the certificate of NATS is checked by'),
  NATS_TLS_CERT_FILE: file('Certificate in PEM that jethook shows to NATS'),
  NATS_TLS_KEY_FILE: file('Its key in PEM'),
  NATS_TLS_HANDSHAKE_FIRST: flag(false, {
    group: 'NATS',
    description: 'Whether TLS begins before NATS says anything, as the server must be set up for (handshake_first)',
  }),
  NATS_LISTEN_IP: text('127.0.0.1', { group: 'NATS', description: 'Address that the embedded nats-server listens on' }),
  NATS_PORT: integer(
    0,
    { minimum: 0, maximum: 65535 },
    { group: 'NATS', description: 'Port of the embedded nats-server; 0: any free one, the same as before if possible' },
  ),
  NATS_HOST_NAME: text('127.0.0.1', {
    group: 'NATS',
    description: 'Name or address in its certificate by which this machine reaches the embedded nats-server',
  }),
  NATS_SERVER_CERT_FILE: file('Certificate in PEM of the embedded nats-server: it then speaks TLS only'),
  NATS_SERVER_KEY_FILE: file('Its key in PEM'),
  NATS_SERVER_CLIENT_CA_FILE: file(
    'Certificates in PEM of the authority of those certificates that clients of the embedded nats-server must show; not set: none',
  ),
  ENABLE_NATS_AUTH_CALLOUT: flag(true, {
    group: 'NATS',
    description: 'Whether NATS is told who comes with an application secret or a service token, where it asks for that',
  }),
  NATS_SESSION_MINUTES: integer(
    0,
    { minimum: 0, maximum: 525_600 },
    {
      group: 'NATS',
      description: 'Minutes after which such a connection is ended, to be made anew; 0: it lasts until it is revoked',
    },
  ),
}
