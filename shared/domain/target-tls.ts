import { createPrivateKey, X509Certificate } from 'node:crypto'

/** Certificates of a subscription, in PEM. Sealed with its other secrets; the key is never shown again. */
export interface TargetTls {
  /** The only authorities that the receiver's certificate may come from; null: the usual ones. */
  ca: string | null
  /** What we show to a receiver that asks for it, with its chain. */
  certificate: string | null
  key: string | null
}

/** As it is posted: what is left out is null. */
export interface TargetTlsPost {
  ca?: string | null
  client_certificate?: string | null
  /** Left out while the certificate stays the same: the key stays too. */
  client_key?: string | null
}

const PEM_CHARACTERS_MAX = 16_384
const CERTIFICATES_MAX = 10
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

/**
 * Reads and checks what was posted: certificates and key can be read and belong together.
 * @param before What the subscription has had.
 * @returns null when there is nothing of the kind, or a sentence that says what is wrong.
 */
export function readTargetTls(
  post: TargetTlsPost | null | undefined,
  before: TargetTls | null,
): TargetTls | null | string {
  const ca = post?.ca || null
  const certificate = post?.client_certificate || null
  const isSame = certificate !== null && certificate === before?.certificate
  const key = post?.client_key || (isSame ? before.key : null)
  if (ca === null && certificate === null && key === null) return null
  if (ca !== null && readCertificates(ca) === null) return `ca ${NO_CERTIFICATES}`
  if ((certificate === null) !== (key === null))
    return 'client_certificate and client_key go together: the key may be left out only while the certificate stays the same'
  if (certificate !== null && key !== null) {
    const problem = pairProblem(certificate, key)
    if (problem !== null) return problem
  }
  return { ca, certificate, key }
}

const NO_CERTIFICATES = `must be 1 to ${CERTIFICATES_MAX} certificates in PEM, ${PEM_CHARACTERS_MAX} characters at the most`

function pairProblem(certificate: string, key: string): string | null {
  const [own] = readCertificates(certificate) ?? []
  if (own === undefined) return `client_certificate ${NO_CERTIFICATES}`
  const privateKey = readKey(key)
  if (privateKey === null) return 'client_key must be a private key in PEM without a passphrase'
  return own.checkPrivateKey(privateKey) ? null : 'client_key is not the key of the first client_certificate'
}

function readCertificates(pem: string): X509Certificate[] | null {
  if (pem.length > PEM_CHARACTERS_MAX) return null
  const blocks = pem.match(CERTIFICATE) ?? []
  if (blocks.length === 0 || blocks.length > CERTIFICATES_MAX) return null
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch {
    return null
  }
}

function readKey(pem: string) {
  if (pem.length > PEM_CHARACTERS_MAX) return null
  try {
    return createPrivateKey({ key: pem, format: 'pem' })
  } catch {
    return null
  }
}
