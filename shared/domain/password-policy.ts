import type { ProblemId } from '../contract/problems.ts'
import { COMMON_WORDS } from './common-passwords.ts'
import { characterCount } from './validation.ts'

export interface PasswordOwner {
  email: string
  firstName: string
  lastName: string
}

const LENGTH_MAX = 100
/** Shorter names stand in many words by chance. */
const NAME_MIN = 4
const DIFFERENT_MIN = 5
const SEQUENCES = [
  '01234567890123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
]

/**
 * The contract's password policy (behaviour.md §1), in its order.
 * @param minimumLength In Unicode characters.
 * @returns the first rule that the password breaks, or null.
 */
export function passwordProblem(password: string, about: PasswordOwner, minimumLength: number): ProblemId | null {
  const length = characterCount(password)
  if (length < minimumLength) return 'PasswordTooShort'
  if (length > LENGTH_MAX) return 'PasswordTooLong'
  const plain = simplify(password)
  const [local = '', domain = ''] = about.email.split('@')
  if (resembles(plain, [about.email, local, domain.split('.')[0] ?? ''])) return 'PasswordSimilarToEmail'
  if (resembles(plain, [about.firstName, about.lastName, about.firstName + about.lastName]))
    return 'PasswordSimilarToName'
  if (isCommon(password)) return 'PasswordTooCommon'
  if (!isDiverse(password)) return 'PasswordNotDiverseEnough'
  return null
}

/** Letters and digits alone, in lower case and without accents. */
function simplify(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}

function resembles(plain: string, names: readonly string[]): boolean {
  return names.map(simplify).some((name) => {
    if (name.length < NAME_MIN) return false
    return plain.includes(name) || (plain.length >= NAME_MIN && name.includes(plain))
  })
}

const LEET: Record<string, string> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}
const BY_LENGTH = [...new Set(COMMON_WORDS)].sort((a, b) => b.length - a.length)

/** Whether it is made of common words, runs of the keyboard and digits, with no more than a few characters besides. */
function isCommon(password: string): boolean {
  // What is hung on at the end adds nothing.
  const lower = password.toLowerCase().replace(/[^\p{L}]+$/u, '')
  const unleeted = lower.replace(/[013457@$!]/g, (sign) => LEET[sign] ?? sign)
  return [lower, unleeted].some((text) => lettersLeft(text) <= 2)
}

/** How many letters are left when common words and runs are taken away. */
function lettersLeft(text: string): number {
  let rest = text.replace(/[^\p{L}]/gu, ' ')
  for (const word of BY_LENGTH) rest = rest.replaceAll(word, ' ')
  return rest
    .split(' ')
    .filter((part) => !isRun(part))
    .join('').length
}

/** Whether a text is a stretch of the alphabet or of a keyboard, forwards or backwards. */
function isRun(text: string): boolean {
  if (text.length < 3) return text.length === 0
  const backwards = [...text].reverse().join('')
  return SEQUENCES.some((sequence) => sequence.includes(text) || sequence.includes(backwards))
}

function isDiverse(password: string): boolean {
  const characters = [...password.toLowerCase()]
  const counts = new Map<string, number>()
  for (const each of characters) counts.set(each, (counts.get(each) ?? 0) + 1)
  const most = Math.max(...counts.values())
  return counts.size >= DIFFERENT_MIN && most * 2 <= characters.length && !isRun(characters.join(''))
}
