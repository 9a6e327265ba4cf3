import { readFileSync } from 'node:fs'

export type CertificateName = 'server' | 'wrong-name' | 'expired' | 'self-signed' | 'client'

const read = (file: string) => readFileSync(new URL(`certificates/${file}`, import.meta.url), 'utf8')

/** The authority of the certificates for tests: certificates/README.md says what they are. */
export const TEST_CA = read('ca.pem')

export function certificateOf(name: CertificateName): { cert: string; key: string } {
  return { cert: read(`${name}.pem`), key: read(`${name}.key`) }
}
