import type { BreakerPolicy } from '#shared/domain/breaker.ts'
import { parseRetrySchedule, type RetryPolicy } from '#shared/domain/retry-policy.ts'
import { parseSignatureVersions } from '#shared/domain/signature.ts'
import { type Settings, SettingsError } from '#shared/runtime/config.ts'
import type { SenderConfig } from '#shared/runtime/sender/sender.ts'
import { senderConfig } from '#shared/runtime/sender/sender-config.ts'
import { JETHOOK_VERSION } from '#shared/runtime/version.ts'
import type { AutoDisableConfig } from './auto-disable.ts'
import type { DispatcherLimits } from './dispatcher.ts'
import type { RequestFormat } from './request.ts'

export interface DelivererConfig {
  laneCount: number
  laneBacklogMax: number
  shutdownTimeoutMs: number
  dispatcher: DispatcherLimits
  isolation: { breaker: BreakerPolicy; subscriptionConcurrencyMax: number }
  autoDisable: AutoDisableConfig
  sender: SenderConfig
  format: RequestFormat
  /** The name that this jethook goes by when it asks receivers for their consent. */
  origin: string
  retryPolicy: RetryPolicy
  /** Whether receivers are told which trace a request is of. */
  sendsTraceparent: boolean
}

/** @throws {SettingsError} when a list among the settings can't be read. */
export function delivererConfig(settings: Settings): DelivererConfig {
  try {
    return {
      laneCount: settings.LANES,
      laneBacklogMax: settings.LANE_BACKLOG_MAX,
      shutdownTimeoutMs: settings.SHUTDOWN_TIMEOUT_MS,
      dispatcher: {
        concurrencyMax: settings.DELIVERY_CONCURRENCY,
        originConcurrencyMax: settings.ORIGIN_CONCURRENCY,
      },
      isolation: {
        subscriptionConcurrencyMax: settings.SUBSCRIPTION_CONCURRENCY,
        breaker: {
          failuresToOpen: settings.BREAKER_FAILURES,
          timeoutsToOpen: settings.BREAKER_TIMEOUTS,
          probeAfterMs: settings.BREAKER_PROBE_MS,
          probeAfterMaxMs: settings.BREAKER_PROBE_MAX_MS,
        },
      },
      autoDisable: {
        afterMs: settings.AUTO_DISABLE_AFTER_HOURS * 3_600_000,
        onGone: settings.DISABLE_ON_GONE,
      },
      sender: senderConfig(settings),
      format: {
        signatureHeaderName: settings.SIGNATURE_HEADER_NAME,
        signatureVersions: parseSignatureVersions(settings.ENABLED_SIGNATURE_VERSIONS),
        userAgent: `jethook/${JETHOOK_VERSION}`,
      },
      origin: originOf(settings),
      sendsTraceparent: settings.SEND_TRACEPARENT,
      retryPolicy: {
        scheduleMs: parseRetrySchedule(settings.RETRY_SCHEDULE),
        retriesMax: settings.MAX_RETRIES,
        jitter: {
          ratio: settings.RETRY_JITTER_RATIO,
          minSpreadMs: settings.RETRY_JITTER_MIN_SPREAD_MS,
          maxSpreadMs: settings.RETRY_JITTER_MAX_SPREAD_MS,
        },
      },
    }
  } catch (error) {
    if (error instanceof RangeError) throw new SettingsError(`Settings: ${error.message}.`)
    throw error
  }
}

function originOf({ HANDSHAKE_ORIGIN, APP_URL }: Settings): string {
  if (HANDSHAKE_ORIGIN !== '') return HANDSHAKE_ORIGIN
  return URL.canParse(APP_URL) ? new URL(APP_URL).hostname : 'jethook.localhost'
}
