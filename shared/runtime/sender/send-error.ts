import type { SendResult } from '../../domain/outcome.ts'
import { TargetError } from './target-error.ts'

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_SOCKET',
  'UND_ERR_CLOSED',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * What an error of the address guard or the HTTP client means for the attempt (contract, behaviour.md §7). Messages are ours:
 * neither a receiver's address nor our own network is told to tenants.
 */
export function toSendError(error: unknown): SendResult {
  if (error instanceof TargetError) return { type: error.kind, message: error.message }
  const code = errorCode(error)
  if (code === 'UND_ERR_CONNECT_TIMEOUT')
    return { type: 'connection-failed', message: 'Connecting to the target took too long' }
  if (code === 'ETIMEDOUT') return { type: 'connection-failed', message: 'Connecting to the target took too long' }
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT')
    return { type: 'timed-out', message: 'No complete answer in time' }
  if (code === 'ECONNREFUSED') return { type: 'connection-failed', message: 'The target refused the connection' }
  if (CONNECTION_CODES.has(code)) return { type: 'connection-failed', message: 'The connection to the target failed' }
  if (isTlsCode(code)) return { type: 'connection-failed', message: `TLS with the target failed (${code})` }
  if (isParserError(error) || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH')
    return { type: 'connection-failed', message: 'The target answered something that is not HTTP' }
  if (code === 'UND_ERR_HEADERS_OVERFLOW')
    return { type: 'connection-failed', message: "The response's headers are too large" }
  if (code === 'UND_ERR_INVALID_ARG') return { type: 'invalid-header', message: 'A header could not be represented' }
  return { type: 'unknown', message: 'The request failed' }
}

/** The HTTP client gives some of these a code that begins with HPE_, and others none. */
function isParserError(error: unknown): boolean {
  return errorCode(error).startsWith('HPE_') || (error instanceof Error && error.name === 'HTTPParserError')
}

function isTlsCode(code: string): boolean {
  return (
    code.startsWith('ERR_TLS_') ||
    code.startsWith('ERR_SSL_') ||
    code.startsWith('ERR_OSSL_') ||
    code.startsWith('CERT_') ||
    code === 'EPROTO' ||
    /_CERT|_CERTIFICATE|SIGNATURE/.test(code)
  )
}

/** The first code in the chain of causes: happy eyeballs wraps several errors in one. */
function errorCode(error: unknown): string {
  let current: unknown = error
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    if ('code' in current && typeof current.code === 'string') return current.code
    current = current instanceof AggregateError ? current.errors[0] : current.cause
  }
  return ''
}
