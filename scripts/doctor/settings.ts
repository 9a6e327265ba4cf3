import { SETTINGS, type Settings } from '#shared/runtime/config.ts'
import { type Finding, warn } from './finding.ts'

type Environment = Record<string, string | undefined>

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])
/** Variables of ours that are no settings of the server. */
const OTHER_VARIABLES = /^JETHOOK_(CACHE|NATS_SERVER|URL|TOKEN|PROFILE|APPLICATION|ORGANIZATION|SECRET|IMPORT_TOKEN)$/

/** Settings that can be read, but are likely not what somebody wants. */
export function examineSettings(settings: Settings, environment: Environment): Finding[] {
  const isOpen = !LOOPBACK.has(settings.IP)
  const findings: Finding[] = []
  const add = (says: string, remedy: string) => void findings.push(warn('settings', says, remedy))
  for (const name of unknownVariables(environment))
    add(`${name} is no setting of jethook.`, 'Look at its spelling; GET /environment_variables lists all settings.')
  if (isOpen && /127\.|::1/.test(settings.TARGET_ALLOWED_CIDRS))
    add(
      'Others can reach this server (IP), and webhooks may go to addresses of this machine (TARGET_ALLOWED_CIDRS).',
      'Set TARGET_ALLOWED_CIDRS= (empty) before you let others make subscriptions. See docs/addresses.md.',
    )
  if (isOpen && !settings.APP_URL.startsWith('https://'))
    add(
      'Others can reach this server, and APP_URL is no https address.',
      'Put a proxy with TLS in front, and set APP_URL to its address.',
    )
  if (settings.NATS_URL !== '' && settings.JETHOOK_SECRET_KEY === '')
    add(
      'NATS_URL is given and JETHOOK_SECRET_KEY is not: each JETHOOK_HOME would make a key of its own.',
      'Where several processes share a NATS server, give all of them the same JETHOOK_SECRET_KEY (32 bytes in base64).',
    )
  return findings
}

function unknownVariables(environment: Environment): string[] {
  return Object.keys(environment).filter(
    (name) => name.startsWith('JETHOOK_') && !(name in SETTINGS.properties) && !OTHER_VARIABLES.test(name),
  )
}
