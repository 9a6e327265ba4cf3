import { createApiClient } from '#services/cli/api-client.ts'
import { type Connection, findConnection } from '#services/cli/connection.ts'
import { CliError, EXIT } from '#services/cli/exit-codes.ts'
import { judgeClock } from './clock.ts'
import type { Examination } from './examine.ts'
import { bad, type Finding, ok, warn } from './finding.ts'

/** The API as clients find it: reachable, the token taken, the parts of the server well. */
export async function examineApi({ environment, connection: options, signal }: Examination): Promise<Finding[]> {
  let connection: Connection
  try {
    connection = await findConnection(options, environment)
  } catch (error) {
    return [bad('api', (error as Error).message, 'See: jethook profiles --help')]
  }
  const api = createApiClient({ ...connection, signal })
  try {
    const response = await api.open('GET', '/errors')
    await response.body?.cancel()
    const date = Date.parse(response.headers.get('date') ?? '')
    return [
      ok('api', `${connection.url} answers (${connection.from}).`),
      // The header has whole seconds.
      ...(Number.isNaN(date) ? [] : [judgeClock("The server's", clockDifference(date, Date.now()))]),
      await examineToken(api, connection),
      ...(await examineSystem(api)),
    ]
  } catch (error) {
    return [
      bad('api', (error as Error).message, `Is it running, and its address right? It comes from ${connection.from}.`),
    ]
  }
}

function clockDifference(headerMs: number, nowMs: number): number {
  const aheadMs = headerMs - nowMs
  return aheadMs < 0 && aheadMs > -1_500 ? 0 : aheadMs
}

type Api = ReturnType<typeof createApiClient>

async function examineToken(api: Api, { applicationId, from }: Connection): Promise<Finding> {
  try {
    if (applicationId) await api.call('GET', `/applications/${encodeURIComponent(applicationId)}`)
    else await api.call('GET', '/organizations')
    return ok('token', 'The server takes it.')
  } catch (error) {
    return bad(
      'token',
      (error as Error).message,
      `Make a service token, and give it in JETHOOK_TOKEN or a profile. This one comes from ${from}.`,
    )
  }
}

interface SystemPart {
  name: string
  status: Finding['status']
  says: string | null
  remedy?: string | null
}

/** What the server says of its own parts, where it says so and this token may know. */
async function examineSystem(api: Api): Promise<Finding[]> {
  try {
    const { parts } = await api.call<{ parts: SystemPart[] }>('GET', '/system')
    return parts.map(({ name, status, says, remedy }) =>
      status === 'ok'
        ? ok(name, says ?? 'Well.')
        : { part: name, status, says: says ?? 'Unwell.', remedy: remedy ?? 'See docs/operations.md.' },
    )
  } catch (error) {
    const isSilent =
      error instanceof CliError && (error.exitCode === EXIT.notFound || error.exitCode === EXIT.credentials)
    return isSilent ? [] : [warn('system', (error as Error).message, 'Ask again; see docs/operations.md.')]
  }
}
