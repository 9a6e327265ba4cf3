/** What a search box's text may mean; of several, all are looked for. */
export interface SearchTerms {
  /** Ids from the first to the last that begin so; null: it is no id. */
  ids: { from: string; to: string } | null
  label: Record<string, string> | null
  /** In lower case. */
  text: string
}

const PREFIX_MIN = 8
const UUID_DIGITS = 32

/** @param q As it was typed. */
export function readTerms(q: string): SearchTerms {
  const text = q.trim()
  return { ids: idsOf(text), label: labelOf(text), text: text.toLowerCase() }
}

/** At least 8 digits of an id, with hyphens or without. */
function idsOf(text: string): { from: string; to: string } | null {
  if (!/^[0-9a-f-]+$/i.test(text)) return null
  const digits = text.replaceAll('-', '').toLowerCase()
  if (digits.length < PREFIX_MIN || digits.length > UUID_DIGITS) return null
  const uuid = (hex: string) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return { from: uuid(digits.padEnd(UUID_DIGITS, '0')), to: uuid(digits.padEnd(UUID_DIGITS, 'f')) }
}

/** `key:value` or `key=value`; an address is no label. */
function labelOf(text: string): Record<string, string> | null {
  const [, key, value] = /^([^:=\s]+)[:=](.+)$/.exec(text) ?? []
  return key === undefined || value === undefined || value.startsWith('//') ? null : { [key]: value }
}
