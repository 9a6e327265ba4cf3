/** When a payload was due to be sent, in µs since the epoch: it stands in the payload as `"sent_at":"<16 digits>"`. */
export const STAMP_PLACE = '0'.repeat(16)

const MARK = Buffer.from('"sent_at":"')

export function stampOf(epochMs: number): string {
  return Math.round(epochMs * 1_000)
    .toString()
    .padStart(STAMP_PLACE.length, '0')
}

/** The time of now as `stampOf` takes it: `Date.now` is too coarse. */
export function epochNowMs(): number {
  return performance.timeOrigin + performance.now()
}

/** The stamp's time in ms, or null when the body has none. @param body The beginning of a body will do. */
export function readStamp(body: Buffer): number | null {
  const at = body.indexOf(MARK)
  if (at < 0) return null
  const digits = body.toString('latin1', at + MARK.length, at + MARK.length + STAMP_PLACE.length)
  const value = Number(digits)
  return digits.length === STAMP_PLACE.length && Number.isFinite(value) ? value / 1_000 : null
}

/** A JSON object of so many bytes that has room for a stamp. */
export function stampedPayload(bytes: number): Record<string, string> {
  const empty = { sent_at: STAMP_PLACE, filler: '' }
  return { ...empty, filler: 'x'.repeat(Math.max(0, bytes - JSON.stringify(empty).length)) }
}
