import { decideHandshake, handshakeHeaders } from '#shared/domain/handshake.ts'
import type { RegisteredSubscription, Registry } from '#shared/domain/registry.ts'
import { controlSubject, type HandshakeState } from '#shared/facts/control.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Sender } from '#shared/runtime/sender/sender.ts'
import type { RequestFormat } from './request.ts'
import type { Targets } from './targets.ts'

/** Whether a receiver has said that it wants what is sent to it. */
export type Consent =
  /** @param ratePerMinute Requests a minute at the most; null: it names no limit. */
  | { type: 'given'; ratePerMinute: number | null }
  /** It is being asked, or has refused; not before then. */
  | { type: 'missing'; untilMs: number }

/** The receivers' consents, where a subscription asks for one: each is asked before the first delivery to its address. */
export interface Handshakes {
  /** Asks the receiver when that is to be done now. */
  consentOf(subscription: RegisteredSubscription): Consent
}

export interface HandshakesOptions {
  registry: Registry
  control: Appender
  sender: Sender
  targets: Targets
  format: RequestFormat
  /** The name that this jethook goes by. */
  origin: string
  clock: Clock
  logger: Logger
  /** The answer is there. */
  onAnswered(subscriptionId: string): void
}

const ASKED_POLL_MS = 500
const GIVEN: Consent = { type: 'given', ratePerMinute: null }

export function createHandshakes(options: HandshakesOptions): Handshakes {
  const { registry, control, sender, targets, format, origin, clock, logger } = options
  const underWay = new Set<string>()
  /** What was heard and may not be read back yet. */
  const heard = new Map<string, HandshakeState>()

  function latestOf(subscriptionId: string, targetVersion: number): HandshakeState | null {
    const [own, noted] = [heard.get(subscriptionId), registry.handshakes.get(subscriptionId)]
    if (own && noted && noted.changedAtMs >= own.changedAtMs) heard.delete(subscriptionId)
    const latest = heard.get(subscriptionId) ?? noted
    return latest?.targetVersion === targetVersion ? latest : null
  }

  function consentOf(subscription: RegisteredSubscription): Consent {
    const { subscriptionId, handshake: wish, targetVersion = 0 } = subscription.state
    if (!wish) return GIVEN
    const latest = latestOf(subscriptionId, targetVersion)
    if (latest?.result.state === 'granted') return { type: 'given', ratePerMinute: latest.result.ratePerMinute }
    const nowMs = clock.nowMs()
    if (latest?.result.state === 'refused' && latest.result.retryAtMs > nowMs)
      return { type: 'missing', untilMs: latest.result.retryAtMs }
    if (!underWay.has(subscriptionId)) {
      underWay.add(subscriptionId)
      void ask(subscription, latest?.result.state === 'refused' ? latest.result.refusals : 0)
    }
    return { type: 'missing', untilMs: nowMs + ASKED_POLL_MS }
  }

  /** Goes the way that deliveries go, without a body. Never rejects. */
  async function ask(subscription: RegisteredSubscription, refusals: number): Promise<void> {
    const { subscriptionId, applicationId, organizationId, handshake, targetVersion = 0 } = subscription.state
    const wish = handshake!
    try {
      const { origin: targetOrigin, path, headers } = targets.of(subscription)
      const result = await sender.send({
        origin: targetOrigin,
        path,
        method: 'OPTIONS',
        headers: [...headers.flat(), ...handshakeHeaders(origin, wish), 'user-agent', format.userAgent],
        body: new Uint8Array(0),
      })
      const nowMs = clock.nowMs()
      const fact: HandshakeState = {
        v: 1,
        type: 'handshake',
        subscriptionId,
        applicationId,
        organizationId,
        targetVersion,
        result: decideHandshake(result, { origin, wish, refusals, nowMs }),
        changedAtMs: nowMs,
      }
      heard.set(subscriptionId, fact)
      logger.info({ subscription_id: subscriptionId, consent: fact.result.state }, 'handshake')
      await control.append({ subject: controlSubject(fact), body: JSON.stringify(fact) })
    } catch (error) {
      logger.warn({ err: error, subscription_id: subscriptionId }, 'a handshake could not be noted')
    } finally {
      underWay.delete(subscriptionId)
      options.onAnswered(subscriptionId)
    }
  }

  return { consentOf }
}
