import { type Settings, SettingsError } from '#shared/runtime/config.ts'
import { keyAuthenticator, type NatsAccess, natsAccess, natsKeysDir } from '#shared/runtime/nats-access.ts'
import { type KeyText, readKeyText, readNatsKey } from '#shared/runtime/nats-keys.ts'
import { inboxPrefixOf } from '#shared/runtime/nats-roles.ts'
import type { Nkey } from '#shared/runtime/nkey.ts'

const MINUTE_S = 60

export interface CalloutConfig {
  natsUrl: string
  /** In the account that the server asks in. */
  authenticator: NatsAccess
  /** In the server's own account, where connections are listed and ended. */
  system: NatsAccess
  /** Signs what the server is answered. */
  issuer: Nkey
  /** Opens what the server asks and seals the answer. */
  xkey: KeyText
  areApplicationSecretsTaken: boolean
  /** Seconds after which a connection has to be made anew; 0: it lasts. */
  sessionSeconds: number
}

/**
 * Null where there is nothing to be asked: it is switched off, or NATS is not used by keys of jethook's own.
 * @throws {SettingsError | NatsKeyError} when some of the keys are there and others are not.
 */
export async function calloutConfig(settings: Settings): Promise<CalloutConfig | null> {
  const { isOwnKey, ...access } = await natsAccess(settings, 'callout')
  if (!isOwnKey || !settings.ENABLE_NATS_AUTH_CALLOUT) return null
  const folder = natsKeysDir(settings)
  const [issuer, authenticator, system, xkey] = await Promise.all([
    readNatsKey(folder, 'issuer'),
    readNatsKey(folder, 'authenticator'),
    readNatsKey(folder, 'system'),
    readKeyText(folder, 'xkey'),
  ])
  if (issuer === null && xkey === null) return null
  if (issuer === null || authenticator === null || system === null || xkey === null)
    throw new SettingsError(
      `Settings: ${folder} lacks a key of the auth callout (issuer.nk, authenticator.nk, system.nk, callout.xk); bring it there, or set ENABLE_NATS_AUTH_CALLOUT=false.`,
    )
  const as = (name: string, key: Nkey): NatsAccess => ({
    ...access,
    inboxPrefix: inboxPrefixOf(name),
    authenticator: keyAuthenticator(key),
  })
  return {
    natsUrl: settings.NATS_URL,
    authenticator: as('authenticator', authenticator),
    system: as('system', system),
    issuer,
    xkey,
    areApplicationSecretsTaken: settings.ENABLE_APPLICATION_SECRET_COMPATIBILITY,
    sessionSeconds: settings.NATS_SESSION_MINUTES * MINUTE_S,
  }
}
