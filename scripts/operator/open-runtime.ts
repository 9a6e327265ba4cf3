import { findServers } from '#scripts/verify/find-servers.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { createRuntime, type Runtime } from '#shared/runtime/runtime.ts'

/** What an operator's command needs. */
export interface OperatorRuntime extends Runtime {
  /** Where the jethook that was started on this home answers, if one runs. */
  appUrl: string
}

/**
 * Connects to the NATS server of a running jethook: `NATS_URL`, or the one that `npm start` noted in its home.
 * @throws {Error} when there is none, saying what to do.
 */
export async function openRuntime(environment: Record<string, string | undefined>): Promise<OperatorRuntime> {
  const settings = loadSettings(environment)
  const { natsUrl, apiUrl } = await findServers(settings)
  const appUrl = settings.APP_URL || new URL(apiUrl).origin
  const runtime = await createRuntime({ ...settings, NATS_URL: natsUrl }, createLogger('warn'), 'admin')
  for (const service of runtime.services) await service.start()
  return { ...runtime, appUrl }
}

/** Runs a command; what goes wrong is one sentence on standard error. */
export async function runOperatorCommand(command: (runtime: OperatorRuntime) => Promise<string>): Promise<void> {
  let runtime: OperatorRuntime | null = null
  try {
    runtime = await openRuntime(process.env)
    process.stdout.write(`${await command(runtime)}\n`)
  } catch (error) {
    process.stderr.write(`jethook: ${(error as Error).message}\n`)
    process.exitCode = 1
  } finally {
    for (const service of [...(runtime?.services ?? [])].reverse()) await service.stop()
    await runtime?.close()
  }
}
