import type { HandshakeResult, HandshakeWish } from '../facts/control.ts'
import type { SendResult } from './outcome.ts'

/** Headers of CloudEvents' HTTP webhook specification, version 1.0.2, section 4. */
export const REQUEST_ORIGIN_HEADER = 'webhook-request-origin'
const REQUEST_RATE_HEADER = 'webhook-request-rate'

const RETRY_FIRST_MS = 10_000
const RETRY_MAX_MS = 10 * 60_000
const RATE_MAX = 10_000_000

/** Names and values in turn. @param origin The name that the sending system goes by. */
export function handshakeHeaders(origin: string, { ratePerMinute }: HandshakeWish): string[] {
  const rate = ratePerMinute === null ? [] : [REQUEST_RATE_HEADER, String(ratePerMinute)]
  return [REQUEST_ORIGIN_HEADER, origin, ...rate]
}

export interface HandshakeContext {
  origin: string
  wish: HandshakeWish
  /** How often it was refused before, in a row. */
  refusals: number
  nowMs: number
}

/**
 * What an answer to the validation request means. Consent is what the headers say: a status alone is none, but one that is no
 * 2xx is a refusal. Asked again after 10 s, then ever later, up to 10 min.
 */
export function decideHandshake(result: SendResult, context: HandshakeContext): HandshakeResult {
  const { origin, wish, refusals, nowMs } = context
  const refused = (reason: string): HandshakeResult => ({
    state: 'refused',
    reason,
    refusals: refusals + 1,
    retryAtMs: nowMs + Math.min(RETRY_FIRST_MS * 2 ** refusals, RETRY_MAX_MS),
  })
  if (result.type !== 'responded') return refused(result.message)
  const { statusCode, headers } = result.response
  if (statusCode < 200 || statusCode > 299) return refused(`The receiver answered ${statusCode}`)
  const allowed = headers['webhook-allowed-origin']?.trim()
  if (allowed === undefined) return refused('The answer has no WebHook-Allowed-Origin')
  if (allowed !== '*' && allowed.toLowerCase() !== origin.toLowerCase())
    return refused('WebHook-Allowed-Origin names another origin')
  const rate = readRate(headers['webhook-allowed-rate'])
  if (rate === undefined) return refused('WebHook-Allowed-Rate is neither * nor a number of requests a minute')
  return { state: 'granted', ratePerMinute: rate === null ? wish.ratePerMinute : rate === '*' ? null : rate }
}

/** @returns null: nothing is said; undefined: it can't be read. */
function readRate(header: string | undefined): number | '*' | null | undefined {
  const text = header?.trim()
  if (text === undefined || text === '') return null
  if (text === '*') return '*'
  return /^\d{1,8}$/.test(text) && Number(text) > 0 ? Math.min(Number(text), RATE_MAX) : undefined
}
