import type { EventAccepted } from '../facts/event.ts'
import type { AttemptOutcome } from '../facts/ledger.ts'
import { judgeAttempt, type SendResult } from './outcome.ts'

/** A gateway asks a deliverer for one request that is no delivery: nothing is recorded of it, and nothing follows. */
export interface TestOrder {
  subscriptionId: string
  /** The CONTROL sequence that the subscription was looked at with. */
  controlSeq: number
  event: EventAccepted
  payloadBase64: string
}

export type TestReport =
  | { type: 'made'; result: TestResult }
  /** The subscription is not known, or there is no room for another request. */
  | { type: 'unknown subscription' }
  | { type: 'busy' }

/** What came of the request, in the words of an attempt; cut to what a person reads. */
export interface TestResult {
  outcome: AttemptOutcome
  statusCode: number | null
  headers: Record<string, string> | null
  bodyBase64: string | null
  isBodyCut: boolean
  durationMs: number
  errorName: string | null
  errorMessage: string | null
}

/** Marks a request as a test. */
export const TEST_HEADER = 'x-jethook-test'

const BODY_BYTES_MAX = 4_096
const HEADERS_MAX = 50
const HEADER_CHARACTERS_MAX = 500
const ONE_ATTEMPT = { scheduleMs: [], retriesMax: 0, jitter: { ratio: 0, minSpreadMs: 0, maxSpreadMs: 0 } }

export function testResultOf(result: SendResult, durationMs: number): TestResult {
  const { outcome, errorName, errorMessage } = judgeAttempt(
    result,
    { deliveryId: '00000000-0000-8000-8000-000000000000', attemptNumber: 1, nowMs: 0, random: 0 },
    ONE_ATTEMPT,
  )
  const response = result.type === 'responded' ? result.response : null
  const body = response?.bodyBase64 == null ? null : Buffer.from(response.bodyBase64, 'base64')
  return {
    outcome,
    statusCode: response?.statusCode ?? null,
    headers: response === null ? null : cutHeaders(response.headers),
    bodyBase64: body === null ? null : body.subarray(0, BODY_BYTES_MAX).toString('base64'),
    isBodyCut: response !== null && (response.isBodyCut || (body?.length ?? 0) > BODY_BYTES_MAX),
    durationMs,
    errorName,
    errorMessage,
  }
}

function cutHeaders(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .slice(0, HEADERS_MAX)
      .map(([name, value]) => [name, value.slice(0, HEADER_CHARACTERS_MAX)]),
  )
}
