import {
  type BreakerPolicy,
  type BreakerState,
  CLOSED,
  evolveBreaker,
  type HealthSign,
  openBreaker,
} from '#shared/domain/breaker.ts'
import { decideRate } from '#shared/domain/rate-limit.ts'
import type { RegisteredSubscription, Registry } from '#shared/domain/registry.ts'
import { controlSubject, type ReceiverState } from '#shared/facts/control.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Consent } from './handshakes.ts'

/** Whether a subscription's receiver may get a request now. */
export type Gate =
  /** So many requests may be under way at once. */
  | { type: 'open'; concurrencyMax: number }
  /** Not before then; `isLong`: what comes due meanwhile should not be held in memory. */
  | { type: 'shut'; untilMs: number; isLong: boolean }

/** What an answer, or its absence, says about a receiver. */
export interface AnswerSeen {
  sign: HealthSign
  isSuccess: boolean
  /** For how long it asked to be left alone, in ms; 0: it didn't. */
  holdMs: number
}

/** How many receivers get nothing but probes, for which reason, and how many have asked to be left alone for a while. */
export interface BreakerCounts {
  'open-failures': number
  'open-time-outs': number
  'on-hold': number
}

/** What is known of the subscriptions' receivers, of each by the one process that owns its lane. */
export interface Receivers {
  /** @param isDraining Something has piled up for it. */
  gateOf(subscriptionId: string, isDraining: boolean): Gate
  /** A request begins. */
  began(subscriptionId: string, isDraining: boolean): void
  answered(subscriptionId: string, seen: AnswerSeen): void
  /** Since when there has been nothing but failures, in ms; null: that isn't so. */
  failingSinceMs(subscriptionId: string): number | null
  counts(): BreakerCounts
  /** Of a lane that isn't ours any more. */
  forget(subscriptionId: string): void
}

export interface ReceiversOptions {
  registry: Registry
  control: Appender
  /** Whether the receiver wants what is sent to it. */
  consentOf(subscription: RegisteredSubscription): Consent
  clock: Clock
  logger: Logger
  config: {
    breaker: BreakerPolicy
    subscriptionConcurrencyMax: number
  }
}

interface Receiver {
  /** What is known is of this address, and no other. */
  targetVersion: number
  breaker: BreakerState
  holdUntilMs: number | null
  failingSinceMs: number | null
  isFailureNoted: boolean
  rate: number | undefined
  drainRate: number | undefined
  writing: Promise<void> | null
  isDirty: boolean
}

/** A pause ends without a word to us; so often it is looked for. */
const PAUSE_POLL_MS = 500
/** A receiver that will be ready sooner is waited for with what is at hand. */
const LONG_MS = 2_000
/** Failures for so long are noted, so that a restart doesn't forget since when. */
const NOTE_FAILING_AFTER_MS = 60_000
/** What a rate allows at once: as much as in so many ms. */
const BURST_MS = 100

export function createReceivers({ registry, control, consentOf, clock, logger, config }: ReceiversOptions): Receivers {
  const receivers = new Map<string, Receiver>()

  function receiverOf(subscriptionId: string): Receiver {
    const known = receivers.get(subscriptionId)
    const targetVersion = registry.subscriptions.get(subscriptionId)?.state.targetVersion ?? 0
    if (known?.targetVersion === targetVersion) return known
    const latest = registry.receivers.get(subscriptionId)?.state
    const noted = (latest?.targetVersion ?? 0) === targetVersion ? latest : undefined
    const receiver: Receiver = {
      targetVersion,
      breaker:
        noted?.breaker.state === 'open'
          ? openBreaker(
              noted.breaker.reason,
              noted.breaker.sinceMs,
              clock.nowMs() - config.breaker.probeAfterMs,
              config.breaker,
            )
          : CLOSED,
      holdUntilMs: noted?.holdUntilMs ?? null,
      failingSinceMs: noted?.failingSinceMs ?? null,
      isFailureNoted: (noted?.failingSinceMs ?? null) !== null,
      rate: undefined,
      drainRate: undefined,
      writing: null,
      isDirty: false,
    }
    receivers.set(subscriptionId, receiver)
    return receiver
  }

  /** What is off is let through: it is found to be cancelled, and dropped. */
  const isOff = (subscription: RegisteredSubscription | undefined) =>
    subscription === undefined || !subscription.state.isEnabled || subscription.state.deletedAtMs !== null

  function gateOf(subscriptionId: string, isDraining: boolean): Gate {
    const subscription = registry.subscriptions.get(subscriptionId)
    const open: Gate = { type: 'open', concurrencyMax: config.subscriptionConcurrencyMax }
    if (subscription === undefined || isOff(subscription)) return open
    const { pausedAtMs, concurrencyMax, drainPerSecond } = subscription.state
    const nowMs = clock.nowMs()
    if (pausedAtMs !== null) return { type: 'shut', untilMs: nowMs + PAUSE_POLL_MS, isLong: true }
    const consent = consentOf(subscription)
    if (consent.type === 'missing') return { type: 'shut', untilMs: consent.untilMs, isLong: true }
    const rateLimit = lowerRate(subscription.state.rateLimit, consent.ratePerMinute)
    const receiver = receiverOf(subscriptionId)
    if (receiver.holdUntilMs !== null && receiver.holdUntilMs > nowMs)
      return { type: 'shut', untilMs: receiver.holdUntilMs, isLong: receiver.holdUntilMs - nowMs > LONG_MS }
    const { breaker } = receiver
    if (breaker.type === 'open') {
      if (breaker.probeAtMs > nowMs) return { type: 'shut', untilMs: breaker.probeAtMs, isLong: true }
      return { type: 'open', concurrencyMax: 1 }
    }
    const waitMs = Math.max(
      rateLimit === null ? 0 : waitOf(receiver.rate, rateOf(rateLimit), nowMs),
      drainPerSecond === null || !isDraining ? 0 : waitOf(receiver.drainRate, drainRateOf(drainPerSecond), nowMs),
    )
    if (waitMs > 0) return { type: 'shut', untilMs: nowMs + waitMs, isLong: false }
    if (concurrencyMax !== null) open.concurrencyMax = concurrencyMax
    return open
  }

  function began(subscriptionId: string, isDraining: boolean): void {
    const subscription = registry.subscriptions.get(subscriptionId)
    if (!subscription) return
    const { state } = subscription
    const consent = state.handshake ? consentOf(subscription) : null
    const rateLimit = lowerRate(state.rateLimit, consent?.type === 'given' ? consent.ratePerMinute : null)
    if (rateLimit === null && state.drainPerSecond === null) return
    const receiver = receiverOf(subscriptionId)
    const nowMs = clock.nowMs()
    if (rateLimit !== null) receiver.rate = decideRate(receiver.rate, nowMs, rateOf(rateLimit)).state
    if (state.drainPerSecond !== null && isDraining)
      receiver.drainRate = decideRate(receiver.drainRate, nowMs, drainRateOf(state.drainPerSecond)).state
  }

  function answered(subscriptionId: string, { sign, isSuccess, holdMs }: AnswerSeen): void {
    // The common case: a success of a receiver of which nothing is known.
    if (isSuccess && !receivers.has(subscriptionId) && !registry.receivers.has(subscriptionId)) return
    const receiver = receiverOf(subscriptionId)
    const nowMs = clock.nowMs()
    const before = receiver.breaker
    receiver.breaker = evolveBreaker(before, sign, nowMs, config.breaker)
    let isToBeNoted = before.type !== receiver.breaker.type
    if (holdMs > 0) {
      receiver.holdUntilMs = Math.max(receiver.holdUntilMs ?? 0, nowMs + holdMs)
      isToBeNoted ||= holdMs > LONG_MS
    }
    if (isSuccess) {
      isToBeNoted ||= receiver.isFailureNoted
      receiver.failingSinceMs = null
      receiver.isFailureNoted = false
    } else {
      receiver.failingSinceMs ??= nowMs
      if (!receiver.isFailureNoted && nowMs - receiver.failingSinceMs >= NOTE_FAILING_AFTER_MS) {
        receiver.isFailureNoted = true
        isToBeNoted = true
      }
    }
    if (before.type !== receiver.breaker.type)
      logger.info({ subscription_id: subscriptionId, breaker: receiver.breaker.type }, 'breaker')
    if (isToBeNoted) note(subscriptionId, receiver)
  }

  /** One write at a time; what has changed meanwhile is written by the next. */
  function note(subscriptionId: string, receiver: Receiver): void {
    receiver.isDirty = true
    receiver.writing ??= writeAll(subscriptionId, receiver).finally(() => {
      receiver.writing = null
    })
  }

  async function writeAll(subscriptionId: string, receiver: Receiver): Promise<void> {
    while (receiver.isDirty) {
      receiver.isDirty = false
      const subscription = registry.subscriptions.get(subscriptionId)
      if (subscription === undefined) return
      const fact = stateOf(subscription, receiver)
      try {
        await control.append({ subject: controlSubject(fact), body: JSON.stringify(fact) })
      } catch (error) {
        logger.warn({ err: error, subscription_id: subscriptionId }, 'the state of a receiver could not be noted')
      }
    }
  }

  function stateOf({ state }: RegisteredSubscription, { breaker, holdUntilMs, ...receiver }: Receiver): ReceiverState {
    const { subscriptionId, applicationId, organizationId } = state
    return {
      v: 1,
      type: 'receiver',
      subscriptionId,
      applicationId,
      organizationId,
      breaker:
        breaker.type === 'open'
          ? { state: 'open', sinceMs: breaker.sinceMs, reason: breaker.reason }
          : { state: 'closed' },
      holdUntilMs,
      targetVersion: receiver.targetVersion,
      failingSinceMs: receiver.isFailureNoted ? receiver.failingSinceMs : null,
      changedAtMs: clock.nowMs(),
    }
  }

  return {
    gateOf,
    began,
    answered,
    failingSinceMs: (subscriptionId) => receivers.get(subscriptionId)?.failingSinceMs ?? null,
    counts() {
      const counts: BreakerCounts = { 'open-failures': 0, 'open-time-outs': 0, 'on-hold': 0 }
      const nowMs = clock.nowMs()
      for (const { breaker, holdUntilMs } of receivers.values()) {
        if (breaker.type === 'open') counts[breaker.reason === 'failures' ? 'open-failures' : 'open-time-outs']++
        if (holdUntilMs !== null && holdUntilMs > nowMs) counts['on-hold']++
      }
      return counts
    },
    forget: (subscriptionId) => void receivers.delete(subscriptionId),
  }
}

type DeliveryRate = { requests: number; perMs: number }

/** Of the subscription's own limit and what its receiver allows the lower one. */
function lowerRate(own: DeliveryRate | null, ratePerMinute: number | null): DeliveryRate | null {
  if (ratePerMinute === null) return own
  const allowed = { requests: ratePerMinute, perMs: 60_000 }
  return own === null || own.perMs / own.requests < allowed.perMs / allowed.requests ? allowed : own
}

function rateOf({ requests, perMs }: DeliveryRate) {
  return { burst: Math.max(1, Math.round((requests * BURST_MS) / perMs)), periodMs: perMs / requests }
}

function drainRateOf(perSecond: number) {
  return rateOf({ requests: perSecond, perMs: 1_000 })
}

function waitOf(state: number | undefined, rate: ReturnType<typeof rateOf>, nowMs: number): number {
  return Math.ceil(decideRate(state, nowMs, rate).retryAfterMs)
}
