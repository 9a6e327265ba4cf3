import { type Settings, SettingsError } from '../config.ts'
import { targetRules } from '../target-rules.ts'
import { parseEgressProxy } from './egress-proxy.ts'
import type { ResolverOptions } from './resolver.ts'
import type { SenderConfig } from './sender.ts'

/** @throws {SettingsError} when a setting can't be used. */
export function senderConfig(settings: Settings): SenderConfig {
  return {
    connectTimeoutMs: settings.CONNECT_TIMEOUT_MS,
    tlsTimeoutMs: settings.TLS_TIMEOUT_MS,
    firstByteTimeoutMs: settings.FIRST_BYTE_TIMEOUT_MS,
    totalTimeoutMs: settings.DELIVERY_TIMEOUT_MS,
    bodyMaxBytes: settings.RESPONSE_BODY_MAX_BYTES,
    connectionsPerOriginMax: settings.DELIVERY_CONCURRENCY,
    rules: targetRules(settings),
    dns: resolverOptions(settings),
    proxy: proxyOf(settings),
  }
}

export function resolverOptions({ DNS_SERVERS, DNS_IP_STRATEGY, DNS_TIMEOUT_MS }: Settings): ResolverOptions {
  const servers = DNS_SERVERS.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  return { servers, strategy: DNS_IP_STRATEGY, timeoutMs: DNS_TIMEOUT_MS }
}

function proxyOf({ EGRESS_PROXY_URL }: Settings) {
  try {
    return parseEgressProxy(EGRESS_PROXY_URL)
  } catch (error) {
    throw new SettingsError(`Settings: ${(error as Error).message}.`)
  }
}
