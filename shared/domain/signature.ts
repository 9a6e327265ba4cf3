import { createHmac } from 'node:crypto'

export type SignatureVersion = 'v0' | 'v1'

export interface SignatureInput {
  /** The subscription's secret, as text. */
  secret: string
  /** Seconds since the Unix epoch of this attempt. */
  timestamp: number
  /** Names in lower case and values of the headers that are signed, as sent; in the order of names. */
  headers: readonly (readonly [name: string, value: string])[]
  body: Uint8Array
  versions: ReadonlySet<SignatureVersion>
}

/**
 * The signature header's value (contract, behaviour.md §6): `t=…`, then `v0` over time and body, then `v1` over time,
 * header names, header values and body; HMAC-SHA256 in lower-case hex.
 */
export function signatureHeader({ secret, timestamp, headers, body, versions }: SignatureInput): string {
  let value = `t=${timestamp}`
  if (versions.has('v0')) {
    value += `,v0=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`
  }
  if (versions.has('v1')) {
    let names = ''
    let values = ''
    for (const [name, headerValue] of headers) {
      names += names === '' ? name : ` ${name}`
      values += values === '' ? headerValue : `.${headerValue}`
    }
    const signature = createHmac('sha256', secret).update(`${timestamp}.${names}.${values}.`).update(body).digest('hex')
    value += `,h=${names},v1=${signature}`
  }
  return value
}

/** @throws {RangeError} when `text` is not a comma separated list of v0 and v1. */
export function parseSignatureVersions(text: string): ReadonlySet<SignatureVersion> {
  const versions = text.split(',').map((part) => part.trim())
  for (const version of versions) {
    if (version !== 'v0' && version !== 'v1')
      throw new RangeError(`ENABLED_SIGNATURE_VERSIONS: '${version}' is neither v0 nor v1`)
  }
  return new Set(versions as SignatureVersion[])
}
