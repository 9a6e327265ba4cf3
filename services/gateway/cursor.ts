import { parseUuid } from '#shared/domain/ids.ts'
import { normalizeTimestamp } from '#shared/domain/validate-event.ts'
import type { AttemptCursor } from './queries/request-attempts.ts'

/** The contract's cursor: base64url, with padding, of `{"date","id"}` of a page's last item. */
export function encodeCursor({ date, id }: AttemptCursor): string {
  return Buffer.from(JSON.stringify({ date, id })).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

/** @returns null when `text` is no cursor. */
export function decodeCursor(text: string): AttemptCursor | null {
  try {
    const { date, id } = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Record<string, unknown>
    if (typeof date !== 'string' || typeof id !== 'string') return null
    const [time, uuid] = [normalizeTimestamp(date), parseUuid(id)]
    return time === null || uuid === null ? null : { date: time, id: uuid }
  } catch {
    return null
  }
}
