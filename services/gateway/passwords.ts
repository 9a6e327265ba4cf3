import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { ProblemError } from '#shared/contract/problems.ts'

const hashBytes = promisify(argon2)

/** OWASP's least for argon2id: 19 MiB, two passes. */
const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1 }
const NONCE_BYTES = 16
const TAG_BYTES = 32
/** Each costs 19 MiB and some 30 ms of a core: logins must not take the machine from the events. */
const UNDER_WAY_MAX = 2
const WAITING_MAX = 100

let underWay = 0
const waiting: (() => void)[] = []

/** @returns a PHC string, argon2id. @throws {ProblemError} ServiceUnavailable when too many are waiting. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(NONCE_BYTES)
  const tag = await inTurn(() => derive(password, { ...PARAMETERS, nonce }))
  const { memory, passes, parallelism } = PARAMETERS
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(nonce)}$${base64(tag)}`
}

const PHC = /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43})$/

/** Whether it is the password that the PHC string was made of; compared in constant time. */
export async function verifyPassword(password: string, phc: string): Promise<boolean> {
  const [, memory, passes, parallelism, nonce, tag] = PHC.exec(phc) ?? []
  if (nonce === undefined || tag === undefined) return false
  const derived = await inTurn(() =>
    derive(password, {
      memory: Number(memory),
      passes: Number(passes),
      parallelism: Number(parallelism),
      nonce: Buffer.from(nonce, 'base64'),
    }),
  )
  return timingSafeEqual(derived, Buffer.from(tag, 'base64'))
}

/** Takes as long as a check, for a user who isn't there. */
export async function dummyVerify(password: string): Promise<void> {
  await inTurn(() => derive(password, { ...PARAMETERS, nonce: Buffer.alloc(NONCE_BYTES) }))
}

function derive(
  password: string,
  parameters: { memory: number; passes: number; parallelism: number; nonce: Buffer },
): Promise<Buffer> {
  return hashBytes('argon2id', { ...parameters, message: password, tagLength: TAG_BYTES })
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (underWay >= UNDER_WAY_MAX) {
    if (waiting.length >= WAITING_MAX)
      throw new ProblemError('ServiceUnavailable', { detail: 'Too many logins at once; try again.' })
    await new Promise<void>((resolve) => waiting.push(resolve))
  }
  underWay++
  try {
    return await work()
  } finally {
    underWay--
    waiting.shift()?.()
  }
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}
