import type { FieldError, FieldErrors } from '../contract/problems.ts'

/** Collects what is wrong with a request, field by field (contract, behaviour.md §9). */
export interface Validation {
  add(field: string, error: FieldError): void
  /** The errors so far, or null when there are none. */
  errors(): FieldErrors | null
}

export function createValidation(): Validation {
  const fields: Record<string, FieldError[]> = {}
  let count = 0
  return {
    add(field, error) {
      const errors = fields[field] ?? []
      errors.push(error)
      fields[field] = errors
      count++
    },
    errors: () => (count === 0 ? null : nestTarget(fields)),
  }
}

/** `target.url` and its like stand in an object under `target`. */
function nestTarget(fields: Record<string, FieldError[]>): FieldErrors {
  const nested: FieldErrors = {}
  for (const [field, errors] of Object.entries(fields)) {
    const [outer, inner] = field.split('.') as [string, string?]
    if (inner === undefined) nested[outer] = errors
    else nested[outer] = { ...(nested[outer] as FieldErrors | undefined), [inner]: errors }
  }
  return nested
}

/** The errors as one line of text, for `detail`. */
export function describeErrors(errors: FieldErrors): string {
  return Object.entries(errors)
    .map(([field, value]) => {
      if (!Array.isArray(value)) return `${field}: { ${describeErrors(value)} }`
      return `${field}: ${value.map(({ code, message }) => message ?? code).join(', ')}`
    })
    .join('; ')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/

/** Unicode characters, as the contract counts lengths of text. */
export function characterCount(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    // The second half of a pair is no character of its own.
    if (unit >= 0xd800 && unit <= 0xdbff && i + 1 < text.length && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      count--
      i++
    }
  }
  return count
}

export interface TextRule {
  min?: number
  max: number
  noControlCharacters?: boolean
}

/** Checks length in characters and, if asked, for control characters. */
export function checkText(
  validation: Validation,
  field: string,
  value: string,
  { min, max, noControlCharacters }: TextRule,
): void {
  if (noControlCharacters && CONTROL_CHARACTER.test(value)) {
    validation.add(field, { code: 'non_control_character', message: null, params: { value } })
  }
  const length = characterCount(value)
  if (length > max || length < (min ?? 0)) {
    validation.add(field, {
      code: 'length',
      message: null,
      params: { ...(min === undefined ? {} : { min }), max, value },
    })
  }
}

/** Whether `text` has more than `max` bytes in UTF-8, where a character has at most three for each unit of its length. */
function hasMoreBytes(text: string, max: number): boolean {
  return text.length * 3 > max && Buffer.byteLength(text) > max
}

/** Refuses U+0000, which the read model's text can't hold, where the contract has no other rule about characters. */
export function checkNoNull(validation: Validation, field: string, texts: readonly string[]): void {
  if (texts.some((text) => text.includes('\u0000'))) {
    validation.add(field, { code: 'non_control_character', message: 'U+0000 is not allowed', params: {} })
  }
}

export interface MapRule {
  codes: { size: string; property: string }
  name: string
  entriesMin: number
  entriesMax: number
  bytesMin: number
  bytesMax: number
}

/** Checks the number of entries, and the size of names and values in UTF-8 bytes. */
export function checkMap(validation: Validation, field: string, value: Record<string, string>, rule: MapRule): void {
  const entries = Object.entries(value)
  const { codes, name, entriesMin, entriesMax, bytesMin, bytesMax } = rule
  if (entries.length < entriesMin) {
    const message = `${name} object must have at least ${entriesMin} properties`
    validation.add(field, { code: codes.size, message, params: { min: entriesMin, max: entriesMax, value } })
  }
  if (entries.length > entriesMax) {
    const message = `${name} object must have at most ${entriesMax} properties`
    validation.add(field, { code: codes.size, message, params: { min: entriesMin, max: entriesMax, value } })
  }
  const isWrong = (text: string) => text.length < bytesMin || hasMoreBytes(text, bytesMax)
  if (entries.some(([key, text]) => isWrong(key) || isWrong(text))) {
    const message = `${name} properties and values must be ${bytesMin} to ${bytesMax} bytes long`
    validation.add(field, { code: codes.property, message, params: { min: bytesMin, max: bytesMax, value } })
  }
}

export const LABELS_RULE: MapRule = {
  codes: { size: 'labels-size', property: 'labels-property-length' },
  name: 'Labels',
  entriesMin: 1,
  entriesMax: 10,
  bytesMin: 1,
  bytesMax: 50,
}

export const METADATA_RULE: MapRule = {
  codes: { size: 'metadata-size', property: 'metadata-property-length' },
  name: 'Metadata',
  entriesMin: 0,
  entriesMax: 50,
  bytesMin: 1,
  bytesMax: 50,
}
