import type { Command } from 'commander'
import { createApiClient } from '../api-client.ts'
import { apiUrl } from '../connection.ts'
import { withExamples } from '../examples.ts'
import { usageError } from '../exit-codes.ts'
import { type Profile, profilesPath, readProfiles, writeProfiles } from '../profiles.ts'
import { type GlobalOptions, outputOf } from '../session.ts'
import { isInteractive, readAll, type Terminal } from '../terminal.ts'

interface AddOptions {
  tokenStdin?: true
  check: boolean
}

export function addProfilesCommand(program: Command, terminal: Terminal): void {
  const { environment } = terminal
  const profiles = program
    .command('profiles')
    .description('servers to speak to, under names; kept in a file of yours alone')
  withExamples(
    profiles
      .command('add <name>')
      .description('make a profile of --url, a token and --application, or replace it')
      .option('--token-stdin', 'read the token from standard input')
      .option('--no-check', 'do not ask the server whether it takes the token')
      .action((name: string, options: AddOptions, command: Command) =>
        addProfile(terminal, { name, options, command }),
      ),
    'profiles add production --url https://hooks.example.com --application 0192f0c1-7c55-4b7e-9d53-6a1f4a1c2b3d',
    'profiles add ci --url https://hooks.example.com --token-stdin < token.txt',
  )
  profiles
    .command('list')
    .description('the profiles, without their tokens')
    .action(async (_: unknown, command: Command) => {
      const { current, profiles: known } = await readProfiles(environment)
      const shown = Object.entries(known).map(([name, { url, application_id }]) => ({
        name,
        url,
        application_id: application_id ?? null,
        is_current: name === current,
      }))
      outputOf(terminal, command).list(
        shown,
        {
          '': ({ is_current }) => (is_current ? '*' : ''),
          NAME: ({ name }) => name,
          URL: ({ url }) => url,
          APPLICATION: ({ application_id }) => application_id,
        },
        'No profiles.',
      )
    })
  profiles
    .command('use <name>')
    .description('speak to this server from now on; "local": to the one of this directory')
    .action(async (name: string, _: unknown, command: Command) => {
      const { profiles: known } = await readProfiles(environment)
      if (name !== 'local' && !Object.hasOwn(known, name)) throw usageError(`There is no profile '${name}'.`)
      await writeProfiles(environment, { ...(name === 'local' ? {} : { current: name }), profiles: known })
      outputOf(terminal, command).say(`From now on: ${name}.`)
    })
  profiles
    .command('delete <name>')
    .description('forget a profile')
    .action(async (name: string, _: unknown, command: Command) => {
      const { current, profiles: known } = await readProfiles(environment)
      if (!Object.hasOwn(known, name)) throw usageError(`There is no profile '${name}'.`)
      const { [name]: __, ...others } = known
      await writeProfiles(environment, { ...(current && current !== name ? { current } : {}), profiles: others })
      outputOf(terminal, command).say(`Profile ${name} is forgotten.`)
    })
}

interface Added {
  name: string
  options: AddOptions
  command: Command
}

async function addProfile(terminal: Terminal, { name, options, command }: Added): Promise<void> {
  const { environment } = terminal
  const { url, application, token: given } = command.optsWithGlobals<GlobalOptions>()
  if (!url) throw usageError('Which server? Give --url, such as --url https://hooks.example.com')
  if (name === 'local') throw usageError("'local' stands for the server of this directory: choose another name.")
  const token =
    given ?? (options.tokenStdin ? (await readAll(terminal.stdin)).toString('utf8').trim() : await askToken(terminal))
  const profile: Profile = { url: apiUrl(url), token, ...(application ? { application_id: application } : {}) }
  if (options.check) await check(profile, terminal.stopping)
  const { current, profiles } = await readProfiles(environment)
  await writeProfiles(environment, { current: current ?? name, profiles: { ...profiles, [name]: profile } })
  outputOf(terminal, command).say(`Profile ${name} is in ${profilesPath(environment)}.`)
}

async function askToken(terminal: Terminal): Promise<string> {
  const fromEnvironment = terminal.environment['JETHOOK_TOKEN']
  if (fromEnvironment) return fromEnvironment
  if (!isInteractive(terminal)) throw usageError('Which token? Give --token-stdin or JETHOOK_TOKEN.')
  const { password, isCancel } = await import('@clack/prompts')
  const answer = await password({ message: 'Token (service token or application secret)', output: terminal.stderr })
  if (isCancel(answer) || !answer) throw usageError('No token was given.')
  return answer
}

/** @throws {CliError} when the server doesn't take the token. */
async function check({ url, token, application_id }: Profile, signal: AbortSignal): Promise<void> {
  const api = createApiClient({ url, token, signal })
  if (application_id) await api.call('GET', `/applications/${encodeURIComponent(application_id)}`)
  else await api.call('GET', '/organizations')
}
