import { findServers, type RunningServers } from '#scripts/verify/find-servers.ts'
import type { ConnectionOptions } from '#services/cli/connection.ts'
import { loadSettings, type Settings } from '#shared/runtime/config.ts'
import { examineApi } from './api.ts'
import { bad, type Finding, ok } from './finding.ts'
import { examineHome } from './home.ts'
import { examineMachine } from './machine.ts'
import { examineNats } from './nats.ts'
import { examinePostgres } from './servers.ts'
import { examineSettings } from './settings.ts'

export interface Examination {
  environment: Record<string, string | undefined>
  connection: ConnectionOptions
  signal: AbortSignal
}

/**
 * Looks at everything that jethook needs, from this machine to its servers, and says of each how it is and what to do. It
 * changes nothing, and starts nothing.
 */
export async function examine({ environment, connection, signal }: Examination): Promise<Finding[]> {
  const settings = readSettings(environment)
  if (!('PORT' in settings)) return [...(await examineMachine(null)), settings]
  const servers = await findServers(settings).catch(() => null)
  return [
    ...(await examineMachine(settings.JETHOOK_HOME)),
    ok('settings', 'Every setting can be read.'),
    ...examineSettings(settings, environment),
    ...(await examineHome(settings.JETHOOK_HOME)),
    ...(servers === null ? [nothingRuns(settings)] : await examineServers(settings, servers)),
    ...(await examineApi({ environment, connection, signal })),
  ]
}

function readSettings(environment: Record<string, string | undefined>): Settings | Finding {
  try {
    return loadSettings(environment)
  } catch (error) {
    return bad(
      'settings',
      (error as Error).message,
      'Mend the variables that are named; GET /environment_variables lists what each takes.',
    )
  }
}

function nothingRuns({ JETHOOK_HOME }: Settings): Finding {
  return bad(
    'servers',
    `Nothing was started on ${JETHOOK_HOME}, and NATS_URL is not given.`,
    'Start jethook (jethook start), or give NATS_URL and JETHOOK_HOME as it has them.',
  )
}

async function examineServers(settings: Settings, { natsUrl, databaseUrl }: RunningServers): Promise<Finding[]> {
  const looks = [examineNats({ ...settings, NATS_URL: natsUrl }), examinePostgres(databaseUrl)]
  return (await Promise.all(looks)).flat()
}
