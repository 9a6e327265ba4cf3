import { randomBytes } from 'node:crypto'

/** What a token begins with says its kind: also to whoever finds one where none should be. */
export const TOKEN_PREFIXES = {
  access: 'jhat_',
  refresh: 'jhrt_',
  service: 'jhst_',
  verifyEmail: 'jhve_',
  resetPassword: 'jhrp_',
  signIn: 'jhsi_',
} as const

const TOKEN_BYTES = 32

/** A new opaque token: 256 random bits. */
export function newToken(kind: keyof typeof TOKEN_PREFIXES): string {
  return TOKEN_PREFIXES[kind] + randomBytes(TOKEN_BYTES).toString('base64url')
}
