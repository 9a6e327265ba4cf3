import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto'

/** Looks at the signatures of a webhook as its receiver has it, and says which part of one is wrong. */

export interface ReceivedWebhook {
  /** Names in lower case. */
  headers: ReadonlyMap<string, string>
  body: Uint8Array
}

export interface DiagnosisOptions {
  /** Hook0's secret (a UUID), `whsec_…` or `whpk_…`: says which signatures are looked at. */
  secret: string
  nowMs: number
  toleranceSeconds: number
  /** In lower case. */
  hook0Header: string
}

/** One thing that has to be right for a signature to be. */
export interface Check {
  part: 'header' | 'time' | 'secret' | 'signed headers' | 'body' | 'signature'
  isRight: boolean
  says: string
}

export interface SignatureDiagnosis {
  /** The header and version, such as `x-hook0-signature v1`. */
  signature: string
  isGenuine: boolean
  checks: Check[]
}

const STANDARD_HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const
const NEXT = '-next'

/** @returns One diagnosis for each signature that the secret is for; a single one that says what is missing when there is none. */
export function diagnoseSignatures(webhook: ReceivedWebhook, options: DiagnosisOptions): SignatureDiagnosis[] {
  const secret = options.secret.trim()
  const stripped = { ...options, secret }
  const found = /^wh(sec|pk)_/.test(secret) ? diagnoseStandard(webhook, stripped) : diagnoseHook0(webhook, stripped)
  if (secret === options.secret) return found
  const says = 'There is white space around the secret: it is left out here, and must be left out by the receiver.'
  return found.map((each) => ({
    ...each,
    isGenuine: false,
    checks: [{ part: 'secret', isRight: false, says }, ...each.checks],
  }))
}

function conclude(signature: string, checks: Check[]): SignatureDiagnosis {
  return { signature, isGenuine: checks.every(({ isRight }) => isRight), checks }
}

const right = (part: Check['part'], says: string): Check => ({ part, isRight: true, says })
const wrong = (part: Check['part'], says: string): Check => ({ part, isRight: false, says })

function checkTime(text: string, { nowMs, toleranceSeconds }: DiagnosisOptions): Check {
  const seconds = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seconds)) return wrong('time', `'${text}' is no time in seconds.`)
  const ageSeconds = Math.round(nowMs / 1_000 - seconds)
  const at = new Date(seconds * 1_000)
  const when = Number.isNaN(at.getTime()) ? text : at.toISOString()
  if (Math.abs(ageSeconds) <= toleranceSeconds) return right('time', `Signed at ${when}.`)
  const direction = ageSeconds > 0 ? 'ago' : 'in the future'
  return wrong(
    'time',
    `Signed at ${when}, ${Math.abs(ageSeconds)} s ${direction}; ${toleranceSeconds} s are allowed. Each attempt is signed anew: verify at once, and look at the receiver's clock.`,
  )
}

// -- Hook0 ----------------------------------------------------------------------------------------------------------

function diagnoseHook0(webhook: ReceivedWebhook, options: DiagnosisOptions): SignatureDiagnosis[] {
  const names = [options.hook0Header, options.hook0Header + NEXT].filter((name) => webhook.headers.has(name))
  if (names.length > 0) return names.flatMap((name) => diagnoseHook0Header(webhook, name, options))
  const hint = webhook.headers.has('webhook-signature')
    ? ' There are headers of Standard Webhooks: give the secret that begins with whsec_ (or whpk_).'
    : ''
  return [conclude(options.hook0Header, [wrong('header', `There is no header ${options.hook0Header}.${hint}`)])]
}

function diagnoseHook0Header(
  { headers, body }: ReceivedWebhook,
  name: string,
  options: DiagnosisOptions,
): SignatureDiagnosis[] {
  const parts = new Map(
    headers
      .get(name)!
      .split(',')
      .map((part) => [part.slice(0, part.indexOf('=')).trim(), part.slice(part.indexOf('=') + 1).trim()]),
  )
  const time = parts.get('t')
  const versions = ['v0', 'v1'].filter((version) => parts.has(version))
  if (time === undefined || versions.length === 0)
    return [conclude(name, [wrong('header', `${name} is not t=…,v0=… or t=…,h=…,v1=…: was it cut off?`)])]
  const v0 = parts.get('v0')
  const isV0Right = v0 !== undefined && isHmac(v0, options.secret, [`${time}.`, body])
  return versions.map((version) => {
    const begin = [right('header', `${name} is there and can be read.`), checkTime(time, options)]
    if (version === 'v0')
      return conclude(`${name} v0`, [
        ...begin,
        ...explain({ given: v0!, body, secret: options.secret, before: `${time}.`, headerNames: [] }),
      ])
    const headerNames = (parts.get('h') ?? '').split(' ').filter((each) => each !== '')
    const missing = headerNames.filter((each) => !headers.has(each))
    if (missing.length > 0)
      return conclude(`${name} v1`, [
        ...begin,
        wrong('signed headers', `Signed headers are missing: ${missing.join(', ')}. Pass all headers on as they came.`),
      ])
    const values = headerNames.map((each) => headers.get(each)!).join('.')
    const before = `${time}.${headerNames.join(' ')}.${values}.`
    const given = parts.get('v1')!
    const isRight = isHmac(given, options.secret, [before, body])
    if (!isRight && isV0Right)
      return conclude(`${name} v1`, [
        ...begin,
        wrong(
          'signed headers',
          `Secret and body are right (v0 fits), so a signed header was changed on the way: ${headerNames.join(', ')}.`,
        ),
      ])
    return conclude(`${name} v1`, [...begin, ...explain({ given, body, secret: options.secret, before, headerNames })])
  })
}

interface Hmac {
  given: string
  secret: string
  /** What is signed before the body. */
  before: string
  body: Uint8Array
  headerNames: string[]
}

/** Whether it fits, or else with what change it would. */
function explain({ given, secret, before, body, headerNames }: Hmac): Check[] {
  if (isHmac(given, secret, [before, body])) return [right('signature', 'The signature fits.')]
  const change = bodyVariants(body).find((variant) => isHmac(given, secret, [before, variant.body]))
  if (change) return [right('secret', 'The secret is the right one.'), wrong('body', change.says)]
  if (isHmac(given, secret.toLowerCase(), [before, body]))
    return [right('body', 'The body is as it was sent.'), wrong('secret', 'The secret must be in lower case.')]
  if (!/^[0-9a-f]{64}$/.test(given))
    return [
      wrong(
        'signature',
        `The signature is no SHA-256 in hex (64 digits), but ${given.length} characters: was it cut off?`,
      ),
    ]
  const headerHint =
    headerNames.length > 0 ? `, or one of the signed headers (${headerNames.join(', ')}) was changed` : ''
  return [
    wrong(
      'signature',
      `Nothing that was tried fits: the secret is another subscription's or was rotated, or the body was changed${headerHint}.`,
    ),
  ]
}

function isHmac(given: string, secret: string, parts: (string | Uint8Array)[]): boolean {
  const hmac = createHmac('sha256', secret)
  for (const part of parts) hmac.update(part)
  return isSame(Buffer.from(given, 'hex'), hmac.digest())
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

// -- Standard Webhooks ----------------------------------------------------------------------------------------------

function diagnoseStandard(webhook: ReceivedWebhook, options: DiagnosisOptions): SignatureDiagnosis[] {
  const { headers, body } = webhook
  const version = options.secret.startsWith('whpk_') ? 'v1a' : 'v1'
  const name = `webhook-signature ${version}`
  const missing = STANDARD_HEADERS.filter((header) => !headers.has(header))
  if (missing.length > 0) {
    const hint = headers.has(options.hook0Header)
      ? " There is a header of Hook0's: give the secret that is a UUID."
      : ''
    return [conclude(name, [wrong('header', `Headers are missing: ${missing.join(', ')}.${hint}`)])]
  }
  const [id, time, given] = STANDARD_HEADERS.map((header) => headers.get(header)!) as [string, string, string]
  const signatures = given
    .split(' ')
    .filter((part) => part.startsWith(`${version},`))
    .map((part) => Buffer.from(part.slice(version.length + 1), 'base64'))
  if (signatures.length === 0)
    return [conclude(name, [wrong('header', `webhook-signature has no ${version}, only: ${given.slice(0, 60)}…`)])]
  const begin = [right('header', 'The three headers are there.'), checkTime(time, options)]
  const fits = standardVerifier(options.secret)
  if (fits === null)
    return [conclude(name, [...begin, wrong('secret', 'The secret can not be read: is it whole, as it was shown?')])]
  const isRight = (text: Uint8Array) => {
    const signed = Buffer.concat([Buffer.from(`${id}.${time}.`), text])
    return signatures.some((signature) => fits(signed, signature))
  }
  if (isRight(body)) return [conclude(name, [...begin, right('signature', 'The signature fits.')])]
  const change = bodyVariants(body).find((variant) => isRight(variant.body))
  const why = change
    ? [right('secret', 'The secret is the right one.'), wrong('body', change.says)]
    : [
        wrong(
          'signature',
          "Nothing that was tried fits: the secret is another subscription's or was rotated, or webhook-id, webhook-timestamp or the body was changed.",
        ),
      ]
  return [conclude(name, [...begin, ...why])]
}

/** @returns null for a secret that can't be one. */
function standardVerifier(secret: string): ((signed: Uint8Array, signature: Uint8Array) => boolean) | null {
  const key = Buffer.from(secret.slice(secret.indexOf('_') + 1), 'base64')
  if (key.length === 0) return null
  if (secret.startsWith('whsec_'))
    return (signed, signature) => isSame(signature, createHmac('sha256', key).update(signed).digest())
  if (key.length !== 32) return null
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: key.toString('base64url') },
    format: 'jwk',
  })
  return (signed, signature) => verify(null, signed, publicKey, signature)
}

// -- what is done to bodies on their way ----------------------------------------------------------------------------

interface Variant {
  body: Uint8Array
  says: string
}

/** What the body may have been before something changed it. */
function bodyVariants(body: Uint8Array): Variant[] {
  const text = Buffer.from(body).toString('utf8')
  const variants: [string, string][] = [
    [text.replace(/\r?\n$/, ''), 'The body has a line break at its end that was not sent.'],
    [`${text}\n`, 'The line break at the end of the body is missing.'],
    [text.trim(), 'The body has white space around it that was not sent.'],
    [text.replaceAll('\r\n', '\n'), 'The line breaks of the body were changed to CR LF.'],
    [text.replaceAll('\n', '\r\n'), 'The line breaks of the body were changed from CR LF.'],
    [text.replace(/^\ufeff/, ''), 'The body has a byte order mark that was not sent.'],
  ]
  const rewritten =
    'The body was parsed as JSON and written anew: verify the bytes that came over the wire, before anything parses them.'
  try {
    const value: unknown = JSON.parse(text)
    for (const written of [
      JSON.stringify(value),
      JSON.stringify(value, null, 2),
      spaced(value),
      JSON.stringify(value, null, 4),
    ])
      variants.push([written, rewritten])
    if (typeof value === 'string') variants.push([value, 'The body was put into a JSON string: it is quoted.'])
  } catch {
    // It is no JSON: that can't have been done to it.
  }
  return variants
    .filter(([variant]) => variant !== text)
    .map(([variant, says]) => ({ body: Buffer.from(variant), says }))
}

/** JSON with a space behind each colon and comma, as Python writes it. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)}: ${spaced(each)}`)
    .join(', ')}}`
}
