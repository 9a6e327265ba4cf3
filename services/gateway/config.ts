import type { Settings } from '#shared/runtime/config.ts'

export interface GatewayConfig {
  host: string
  port: number
  /** Base of links in answers; null: wherever it listens. */
  appUrl: string | null
  corsOrigins: string[]
  trustedProxies: string[]
  readYourWritesTimeoutMs: number
  duplicateWindowMs: number
  /** After so long an event that isn't on disk is given up. */
  appendTimeoutMs: number
  shutdownTimeoutMs: number
  /** Null: there is no health check; empty: it is open to all. */
  healthCheckKey: string | null
}

export function gatewayConfig(settings: Settings): GatewayConfig {
  return {
    host: settings.IP,
    port: settings.PORT,
    appUrl: settings.APP_URL || null,
    corsOrigins: listOf(settings.CORS_ALLOWED_ORIGINS),
    trustedProxies: listOf(settings.REVERSE_PROXY_IPS),
    readYourWritesTimeoutMs: settings.READ_YOUR_WRITES_TIMEOUT_MS,
    duplicateWindowMs: settings.DUPLICATE_WINDOW_MS,
    appendTimeoutMs: settings.APPEND_TIMEOUT_MS,
    shutdownTimeoutMs: settings.SHUTDOWN_TIMEOUT_MS,
    healthCheckKey: settings.HEALTH_CHECK_KEY ?? null,
  }
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
