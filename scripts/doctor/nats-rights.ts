import { isWithin, overlaps } from '#shared/domain/subject-within.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { type NatsRights, type NatsRole, rightsOf, USER_INFO_SUBJECT } from '#shared/runtime/nats-roles.ts'
import { bad, type Finding, ok, warn } from './finding.ts'

interface SubjectRules {
  allow?: string[]
  deny?: string[]
}

/** What the server says that a user may do; absent: everything. */
export interface UserPermissions {
  publish?: SubjectRules
  subscribe?: SubjectRules
}

const TIMEOUT_MS = 2_000
const SHOWN_MAX = 3
const ACTIONS = ['publish', 'subscribe'] as const

/** Of what is needed, what is not allowed; of what is allowed, what is not needed. */
export function compareRights(
  needed: NatsRights,
  { publish, subscribe }: UserPermissions,
): { missing: string[]; tooMuch: string[] } {
  const rules = { publish, subscribe }
  const missing = ACTIONS.flatMap((action) =>
    needed[action].filter((subject) => !isAllowed(subject, rules[action])).map((subject) => `${action} ${subject}`),
  )
  const tooMuch = ACTIONS.flatMap((action) => {
    const allowed = rules[action]?.allow ?? (rules[action]?.deny?.includes('>') ? [] : ['>'])
    return allowed
      .filter((subject) => !needed[action].some((pattern) => isWithin(subject, pattern)))
      .map((subject) => `${action} ${subject}`)
  })
  return { missing, tooMuch }
}

function isAllowed(subject: string, { allow, deny = [] }: SubjectRules = {}): boolean {
  return (allow ?? ['>']).some((pattern) => isWithin(subject, pattern)) && !deny.some((each) => overlaps(each, subject))
}

/** Whether the user that `role` connects as may do what it has to, and no more. */
export async function examineRights({ connection }: Nats, role: NatsRole, isOwnKey: boolean): Promise<Finding> {
  const name = `nats permissions of ${role}`
  const answer = await connection.request(USER_INFO_SUBJECT, '', { timeout: TIMEOUT_MS }).catch(() => null)
  if (answer === null)
    return warn(name, 'the server does not tell what the user may do', `Allow it to publish ${USER_INFO_SUBJECT}.`)
  const { data } = JSON.parse(answer.string()) as { data?: { permissions?: UserPermissions } }
  const { missing, tooMuch } = compareRights(rightsOf(role), data?.permissions ?? {})
  const config = 'Take the users that `npm run --silent nats-config` prints.'
  if (missing.length > 0) return bad(name, `it may not ${listOf(missing)}`, config)
  if (isOwnKey && tooMuch.length > 0) return warn(name, `it needs not, but may ${listOf(tooMuch)}`, config)
  return ok(name, isOwnKey ? 'what it needs and no more' : 'what it needs')
}

function listOf(rights: readonly string[]): string {
  const more = rights.length - SHOWN_MAX
  return rights.slice(0, SHOWN_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
