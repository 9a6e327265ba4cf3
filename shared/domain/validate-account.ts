import type { FieldErrors } from '../contract/problems.ts'
import { checkNoNull, checkText, createValidation, type TextRule } from './validation.ts'

const NAME: TextRule = { min: 2, max: 50, noControlCharacters: true }
const TOKEN_NAME: TextRule = { min: 1, max: 50, noControlCharacters: true }
const PERSON_NAME: TextRule = { min: 1, max: 50, noControlCharacters: true }
const EMAIL: TextRule = { min: 1, max: 100, noControlCharacters: true }
const LINK_TOKEN: TextRule = { min: 1, max: 1_000, noControlCharacters: true }
const PASSWORD_MAX = 100
/** One @, no white space, a domain with a dot or a bare host: whether it exists, a mail shows. */
const EMAIL_FORM = /^[^\s@"(),:;<>[\\\]]+@[^\s@.,:;<>()[\]\\"]+(\.[^\s@.,:;<>()[\]\\"]+)*$/u

/** The contract's rule for names of organisations and applications (behaviour.md §1). @returns null when it holds. */
export function validateName(name: string): FieldErrors | null {
  return checked({ name: [name, NAME] })
}

export function validateTokenName(name: string): FieldErrors | null {
  return checked({ name: [name, TOKEN_NAME] })
}

/** A secret's name may be left out. */
export function validateSecretName(name: string | null | undefined): FieldErrors | null {
  if (name === null || name === undefined) return null
  const validation = createValidation()
  checkText(validation, 'name', name, { max: 50 })
  checkNoNull(validation, 'name', [name])
  return validation.errors()
}

export function validateLogin(post: { email: string; password: string }): FieldErrors | null {
  const validation = createValidation()
  checkText(validation, 'email', post.email, EMAIL)
  checkSecret(validation, 'password', post.password, { min: 1, max: PASSWORD_MAX })
  return validation.errors()
}

export function validateEmail(email: string): FieldErrors | null {
  const validation = createValidation()
  checkEmail(validation, email)
  return validation.errors()
}

export function validateRegistration(post: {
  first_name: string
  last_name: string
  email: string
  password: string
}): FieldErrors | null {
  const validation = createValidation()
  checkText(validation, 'first_name', post.first_name, PERSON_NAME)
  checkText(validation, 'last_name', post.last_name, PERSON_NAME)
  checkEmail(validation, post.email)
  // Its length is the password policy's to judge.
  checkSecret(validation, 'password', post.password, {})
  return validation.errors()
}

export function validateNewPassword(password: string): FieldErrors | null {
  const validation = createValidation()
  checkSecret(validation, 'new_password', password, {})
  return validation.errors()
}

export function validateLinkToken(token: string): FieldErrors | null {
  const validation = createValidation()
  checkSecret(validation, 'token', token, LINK_TOKEN)
  return validation.errors()
}

function checked(fields: Record<string, [value: string, rule: TextRule]>): FieldErrors | null {
  const validation = createValidation()
  for (const [field, [value, rule]] of Object.entries(fields)) checkText(validation, field, value, rule)
  return validation.errors()
}

type Validation = ReturnType<typeof createValidation>

function checkEmail(validation: Validation, email: string): void {
  checkText(validation, 'email', email, EMAIL)
  if (!EMAIL_FORM.test(email)) validation.add('email', { code: 'email', message: null, params: { value: email } })
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/

/** Like any text, but what was refused is never repeated in the answer. */
function checkSecret(validation: Validation, field: string, value: string, rule: { min?: number; max?: number }): void {
  if (CONTROL_CHARACTER.test(value)) {
    validation.add(field, { code: 'secret-characters', message: 'Control characters are not allowed', params: {} })
  }
  const length = [...value.slice(0, 10_000)].length
  if ((rule.min !== undefined && length < rule.min) || (rule.max !== undefined && length > rule.max)) {
    validation.add(field, { code: 'secret-length', message: null, params: { ...rule } })
  }
}
