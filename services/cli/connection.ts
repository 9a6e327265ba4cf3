import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError, EXIT, usageError } from './exit-codes.ts'
import { type Profile, readProfiles } from './profiles.ts'

/** Which server is spoken to, as whom, and about which application. */
export interface Connection {
  /** With `/api/v1`, without a slash at the end. */
  url: string
  token: string
  applicationId: string | null
  organizationId: string | null
  /** Where the server was found, for messages. */
  from: string
}

/** Options that every command takes. */
export interface ConnectionOptions {
  profile?: string
  url?: string
  token?: string
  application?: string
}

type Environment = Record<string, string | undefined>

const API_PATH = '/api/v1'

/**
 * Options go before the environment, that before a named or current profile, and that before what `jethook start` has noted
 * in its home. A profile's server gets the profile's token, whatever the environment has for another one.
 * @throws {CliError} when there is no server.
 */
export async function findConnection(options: ConnectionOptions, environment: Environment): Promise<Connection> {
  const found = await findServer(options, environment)
  const applicationId = options.application || environment['JETHOOK_APPLICATION'] || found.application_id || null
  return {
    url: apiUrl(found.url),
    token: found.token,
    applicationId,
    organizationId: environment['JETHOOK_ORGANIZATION'] || found.organization_id || null,
    from: found.from,
  }
}

async function findServer(options: ConnectionOptions, environment: Environment): Promise<Profile & { from: string }> {
  const [envUrl, envToken] = [environment['JETHOOK_URL'], environment['JETHOOK_TOKEN']]
  if (options.url || (envUrl && !options.profile)) {
    const token = options.token || envToken
    if (!token)
      throw new CliError(`There is no token for ${options.url || envUrl}: give JETHOOK_TOKEN`, EXIT.credentials)
    return { url: options.url || envUrl!, token, from: options.url ? '--url' : 'JETHOOK_URL' }
  }
  const profile = await profileOf(options.profile || environment['JETHOOK_PROFILE'], environment)
  if (profile !== null) return options.token ? { ...profile, token: options.token } : profile
  const local = await localServer(environment)
  if (local !== null) return { ...local, token: options.token || envToken || local.token }
  throw usageError(
    'No server is known. Start one here (jethook start), make a profile (jethook profiles add), or give JETHOOK_URL and JETHOOK_TOKEN.',
  )
}

/** @throws {CliError} when a profile is named that there isn't. */
async function profileOf(
  named: string | undefined,
  environment: Environment,
): Promise<(Profile & { from: string }) | null> {
  const { current, profiles } = await readProfiles(environment)
  const name = named || current
  if (!name) return null
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined
  if (profile) return { ...profile, from: `profile ${name}` }
  const known = Object.keys(profiles)
  throw usageError(
    `There is no profile '${name}'. ${known.length > 0 ? `There are: ${known.join(', ')}.` : 'There is none yet.'}`,
  )
}

interface LocalCredentials {
  api_url: string
  service_token: string
  application_id: string
  organization_id: string
}

async function localServer(environment: Environment): Promise<(Profile & { from: string }) | null> {
  const file = join(environment['JETHOOK_HOME'] || './.jethook', 'credentials.json')
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return null
  const { api_url, service_token, application_id, organization_id } = JSON.parse(text) as LocalCredentials
  return { url: api_url, token: service_token, application_id, organization_id, from: file }
}

/** @throws {CliError} for what is no HTTP address. */
export function apiUrl(given: string): string {
  const url = URL.parse(/^https?:\/\//.test(given) ? given : `http://${given}`)
  if (url === null) throw usageError(`'${given}' is no address of a server, such as https://hooks.example.com`)
  const path = url.pathname.replace(/\/+$/, '')
  return `${url.origin}${path.endsWith(API_PATH) ? path : `${path}${API_PATH}`}`
}
