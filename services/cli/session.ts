import type { Command } from 'commander'
import { type ApiClient, createApiClient } from './api-client.ts'
import { type Connection, type ConnectionOptions, findConnection } from './connection.ts'
import { usageError } from './exit-codes.ts'
import { createOutput, type Output, type OutputFormat } from './output.ts'
import type { Terminal } from './terminal.ts'

/** What a command that speaks to a server has in hand. */
export interface Session {
  terminal: Terminal
  output: Output
  connection: Connection
  api: ApiClient
  /** @throws {CliError} when no application was named. */
  applicationId(): string
  /** @throws {CliError} when it can't be told. */
  organizationId(): Promise<string>
}

export interface GlobalOptions extends ConnectionOptions {
  output: OutputFormat
  color: boolean
}

export function outputOf(terminal: Terminal, command: Command): Output {
  const { output, color } = command.optsWithGlobals<GlobalOptions>()
  return createOutput(terminal, output, color)
}

export async function openSession(terminal: Terminal, command: Command): Promise<Session> {
  const options = command.optsWithGlobals<GlobalOptions>()
  const connection = await findConnection(options, terminal.environment)
  const api = createApiClient({ ...connection, signal: terminal.stopping })
  return {
    terminal,
    output: outputOf(terminal, command),
    connection,
    api,
    applicationId() {
      if (connection.applicationId === null)
        throw usageError(
          'Which application? Give --application, JETHOOK_APPLICATION, or one in the profile (see: jethook apps list).',
        )
      return connection.applicationId
    },
    organizationId: () => organizationOf(api, connection),
  }
}

async function organizationOf(api: ApiClient, { organizationId }: Connection): Promise<string> {
  if (organizationId !== null) return organizationId
  const organizations = await api.call<{ organization_id: string; name: string }[]>('GET', '/organizations')
  const [only, ...others] = organizations
  if (only !== undefined && others.length === 0) return only.organization_id
  throw usageError(
    `Which organization? Give JETHOOK_ORGANIZATION, one of: ${organizations.map(({ organization_id, name }) => `${organization_id} (${name})`).join(', ')}`,
  )
}

/** An action of commander with its session opened: `run(session, …arguments, options)`. */
export function withSession<Arguments extends unknown[]>(
  terminal: Terminal,
  run: (session: Session, ...args: Arguments) => Promise<void>,
) {
  return async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command
    await run(await openSession(terminal, command), ...(given.slice(0, -1) as Arguments))
  }
}
