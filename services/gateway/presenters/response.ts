import { isUtf8 } from 'node:buffer'
import type { ResponseAnswer } from '#shared/contract/schemas.ts'
import type { ResponseRecord } from '../queries/responses.ts'

/** The body is text where it is UTF-8, else base64 (contract, behaviour.md §5). */
export function presentResponse(record: ResponseRecord): ResponseAnswer {
  const { body } = record
  return {
    response_id: record.response_id,
    response_error_name: record.error_name,
    http_code: record.http_code,
    headers: record.headers,
    body: body === null ? null : isUtf8(body) ? body.toString('utf8') : body.toString('base64'),
    elapsed_time_ms: record.elapsed_ms,
    is_body_cut: record.is_body_cut,
  }
}
