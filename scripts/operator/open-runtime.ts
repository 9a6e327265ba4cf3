import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Credentials } from '#scripts/start/credentials.ts'
import { loadSettings, SettingsError } from '#shared/runtime/config.ts'
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
  const running = await readFile(join(settings.JETHOOK_HOME, 'credentials.json'), 'utf8').then(
    (text) => JSON.parse(text) as Credentials,
    () => null,
  )
  const natsUrl = settings.NATS_URL || running?.nats_url
  if (!natsUrl)
    throw new SettingsError('No running jethook was found: start it, or give NATS_URL and JETHOOK_HOME as it has them.')
  const appUrl = settings.APP_URL || (running ? new URL(running.api_url).origin : 'http://127.0.0.1:8081')
  const runtime = await createRuntime({ ...settings, NATS_URL: natsUrl }, createLogger('warn'))
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
