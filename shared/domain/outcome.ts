import type { AttemptOutcome, Decision, KeptResponse, ResponseErrorName } from '../facts/ledger.ts'
import { attemptIdOf } from './ids.ts'
import { isRetried, type RetryPolicy, retryAfterMs, retryDelayMs } from './retry-policy.ts'

/** What became of one HTTP request, as the sender saw it. */
export type SendResult =
  | { type: 'responded'; response: KeptResponse }
  | { type: 'timed-out'; message: string }
  | { type: 'connection-failed'; message: string }
  | { type: 'dns-failed'; message: string }
  | { type: 'invalid-target'; message: string }
  | { type: 'invalid-header'; message: string }
  | { type: 'event-expired'; message: string }
  | { type: 'unknown'; message: string }

export interface Judgement {
  outcome: AttemptOutcome
  errorName: ResponseErrorName | null
  errorMessage: string | null
  decision: Decision
}

export interface AttemptContext {
  deliveryId: string
  /** From 1. */
  attemptNumber: number
  nowMs: number
  /** In [0, 1): spreads the delay. */
  random: number
}

/**
 * Decides what follows an attempt, by the table in the contract's model.md: 2xx succeeds; 408, 429, 5xx and network
 * trouble are retried by the policy until it is spent; every other answer is permanent.
 */
export function judgeAttempt(result: SendResult, attempt: AttemptContext, policy: RetryPolicy): Judgement {
  switch (result.type) {
    case 'responded':
      return judgeResponse(result.response, attempt, policy)
    case 'timed-out':
      return { ...failure('E_TIMEOUT', result.message), outcome: 'timeout', decision: retryOrDie(attempt, policy, 0) }
    case 'connection-failed':
      return { ...failure('E_CONNECTION', result.message), decision: retryOrDie(attempt, policy, 0) }
    case 'dns-failed':
      return { ...failure('E_DNS', result.message), decision: retryOrDie(attempt, policy, 0) }
    case 'invalid-target':
      return { ...failure('E_INVALID_TARGET', result.message), decision: retryOrDie(attempt, policy, 0) }
    case 'unknown':
      return { ...failure('E_UNKNOWN', result.message), decision: retryOrDie(attempt, policy, 0) }
    case 'invalid-header':
      return {
        ...failure('E_INVALID_HEADER', result.message),
        decision: { type: 'dead-letter', reason: 'invalid-header' },
      }
    case 'event-expired':
      return { ...failure('E_UNKNOWN', result.message), decision: { type: 'dead-letter', reason: 'event-expired' } }
  }
}

function judgeResponse(response: KeptResponse, attempt: AttemptContext, policy: RetryPolicy): Judgement {
  const { statusCode, headers } = response
  if (statusCode >= 200 && statusCode <= 299) {
    return { outcome: 'success', errorName: null, errorMessage: null, decision: { type: 'succeeded' } }
  }
  const failed = failure('E_HTTP', `The receiver answered ${statusCode}`)
  if (!isRetried(statusCode, policy)) return { ...failed, decision: { type: 'dead-letter', reason: 'permanent' } }
  const isBusy = statusCode === 429 || statusCode === 503
  const askedMs = isBusy ? retryAfterMs(headers['retry-after'], attempt.nowMs) : 0
  return { ...failed, decision: retryOrDie(attempt, policy, askedMs) }
}

/** With these a receiver says that too much comes: as the contract has it, and Standard Webhooks. */
const HOLDING_STATUSES = new Set([429, 502, 503, 504])

/**
 * For how long the receiver asks to be left alone as a whole, in ms: `Retry-After` on 429, 502, 503 and 504, at most 10 h;
 * 0: it doesn't.
 */
export function holdAskedMs(result: SendResult, nowMs: number): number {
  if (result.type !== 'responded' || !HOLDING_STATUSES.has(result.response.statusCode)) return 0
  return retryAfterMs(result.response.headers['retry-after'], nowMs)
}

/** The receiver has said that it is gone for good, and nothing says that this is to be tried again. */
export function isGone(result: SendResult, { decision }: Judgement): boolean {
  const isPermanent = decision.type === 'dead-letter' && decision.reason === 'permanent'
  return isPermanent && result.type === 'responded' && result.response.statusCode === 410
}

function failure(errorName: ResponseErrorName, errorMessage: string) {
  return { outcome: 'failed' as const, errorName, errorMessage }
}

function retryOrDie(attempt: AttemptContext, policy: RetryPolicy, askedMs: number): Decision {
  const delayMs = retryDelayMs(attempt.attemptNumber, policy, attempt.random)
  if (delayMs === null) return { type: 'dead-letter', reason: 'retries-spent' }
  return {
    type: 'retry',
    atMs: attempt.nowMs + Math.max(delayMs, askedMs),
    attemptId: attemptIdOf(attempt.deliveryId, attempt.attemptNumber + 1),
  }
}
