import { join } from 'node:path'
import { startEmbeddedServers } from '#scripts/embedded/servers.ts'
import { openRuntime } from '#scripts/operator/open-runtime.ts'
import { loadSettings, type Settings } from '#shared/runtime/config.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { backup } from './backup.ts'
import { restore } from './restore.ts'

const HELP = `npm run backup -- FOLDER    copies the streams and keys of a running jethook into a new folder
npm run restore -- FOLDER   puts them into an empty NATS server (NATS_URL, or the one of JETHOOK_HOME) and home

  The folder holds everything, secrets and the key to them included: keep it as you keep the key.`

const [command, folder] = process.argv.slice(2)
const say = (line: string) => void process.stdout.write(`${line}\n`)

try {
  if (folder === undefined || (command !== 'backup' && command !== 'restore')) {
    say(HELP)
    process.exitCode = folder === undefined ? 2 : 0
  } else if (command === 'backup') await runBackup(folder)
  else await runRestore(folder, loadSettings(process.env))
} catch (error) {
  process.stderr.write(`jethook: ${(error as Error).message}\n`)
  process.exitCode = 1
}

async function runBackup(target: string): Promise<void> {
  const runtime = await openRuntime(process.env)
  try {
    await backup({ ...runtime, folder: target, onProgress: say })
    say(`The backup is whole: ${target}`)
  } finally {
    for (const service of [...runtime.services].reverse()) await service.stop()
    await runtime.close()
  }
}

/** Without NATS_URL, into the server of JETHOOK_HOME, which is started for it. */
async function runRestore(source: string, settings: Settings): Promise<void> {
  const servers =
    settings.NATS_URL === ''
      ? await startEmbeddedServers({ home: settings.JETHOOK_HOME, databaseUrl: 'not started', onProgress: say })
      : null
  try {
    const nats = await connectNats(servers?.natsUrl ?? settings.NATS_URL, 'restore', createLogger('warn'))
    try {
      await restore({ nats, settings, folder: source, onProgress: say })
    } finally {
      await nats.connection.close()
    }
    say(
      `Restored. Start jethook with an empty Postgres; \`npm start\` does (${join(settings.JETHOOK_HOME, 'postgres')}).`,
    )
  } finally {
    await servers?.stop()
  }
}
