import { resolve } from 'node:path'
import { type Settings, SettingsError } from '#shared/runtime/config.ts'
import type { TlsFiles } from './nats-config.ts'
import type { NatsListen } from './nats-server.ts'

type ListenSettings = Pick<
  Settings,
  | 'NATS_LISTEN_IP'
  | 'NATS_PORT'
  | 'NATS_HOST_NAME'
  | 'NATS_SERVER_CERT_FILE'
  | 'NATS_SERVER_KEY_FILE'
  | 'NATS_SERVER_CLIENT_CA_FILE'
>

/**
 * Where the embedded nats-server listens.
 * @throws {SettingsError} when credentials would be sent through a network in the clear.
 */
export function natsListen(settings: ListenSettings): NatsListen {
  const { NATS_LISTEN_IP: ip, NATS_SERVER_CERT_FILE: certFile, NATS_SERVER_KEY_FILE: keyFile } = settings
  if ((certFile === '') !== (keyFile === ''))
    throw new SettingsError('Settings: NATS_SERVER_CERT_FILE and NATS_SERVER_KEY_FILE go together.')
  if (certFile === '' && !isLoopback(ip))
    throw new SettingsError(
      `Settings: NATS_LISTEN_IP is ${ip}, so secrets would be sent through the network in the clear; give NATS_SERVER_CERT_FILE and NATS_SERVER_KEY_FILE.`,
    )
  return {
    ip,
    port: settings.NATS_PORT,
    name: settings.NATS_HOST_NAME,
    ...(certFile === '' ? {} : { tls: tlsFiles(settings) }),
  }
}

function tlsFiles(settings: ListenSettings): TlsFiles {
  const { NATS_SERVER_CLIENT_CA_FILE: clientCaFile } = settings
  return {
    certFile: resolve(settings.NATS_SERVER_CERT_FILE),
    keyFile: resolve(settings.NATS_SERVER_KEY_FILE),
    ...(clientCaFile === '' ? {} : { clientCaFile: resolve(clientCaFile) }),
  }
}

function isLoopback(ip: string): boolean {
  return ip === '::1' || ip === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(ip)
}
