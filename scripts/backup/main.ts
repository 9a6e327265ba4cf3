import { join } from 'node:path'
import { natsListen } from '#scripts/embedded/nats-listen.ts'
import { startEmbeddedServers } from '#scripts/embedded/servers.ts'
import { openRuntime } from '#scripts/operator/open-runtime.ts'
import { loadSettings, type Settings } from '#shared/runtime/config.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectAs } from '#shared/runtime/nats.ts'
import { backup } from './backup.ts'
import { isObjectStoreUrl, type ObjectStore, openObjectStore } from './object-store.ts'
import { backupToStore, restoreFromStore } from './remote-backup.ts'
import { restore } from './restore.ts'

const HELP = `npm run backup -- PLACE    copies the streams and keys of a running jethook to a new place
npm run restore -- PLACE   puts them into an empty NATS server (NATS_URL, or the one of JETHOOK_HOME) and home

  PLACE is a folder, or s3://bucket/prefix at an S3-like service: AWS_ENDPOINT_URL_S3 (absent: Amazon's), AWS_REGION,
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY. What is sent there is in JETHOOK_HOME for a while, which needs room for it.
  It holds everything, secrets and the key to them included: keep it as you keep the key.`

const [command, place] = process.argv.slice(2)
const say = (line: string) => void process.stdout.write(`${line}\n`)

try {
  if (place === undefined || (command !== 'backup' && command !== 'restore')) {
    say(HELP)
    process.exitCode = place === undefined ? 2 : 0
  } else if (command === 'backup') await runBackup(place)
  else await runRestore(place, loadSettings(process.env))
} catch (error) {
  process.stderr.write(`jethook: ${(error as Error).message}\n`)
  process.exitCode = 1
}

/** Opened first: a wrong address or a missing key is told before anything is begun. */
function storeOf(place: string): ObjectStore | null {
  return isObjectStoreUrl(place) ? openObjectStore({ url: place, environment: process.env }) : null
}

async function runBackup(target: string): Promise<void> {
  const store = storeOf(target)
  const runtime = await openRuntime(process.env)
  try {
    const options = { ...runtime, onProgress: say }
    await (store ? backupToStore({ ...options, store }) : backup({ ...options, folder: target }))
    say(`The backup is whole: ${target}`)
  } finally {
    for (const service of [...runtime.services].reverse()) await service.stop()
    await runtime.close()
  }
}

/** Without NATS_URL, into the server of JETHOOK_HOME, which is started for it. */
async function runRestore(source: string, settings: Settings): Promise<void> {
  const store = storeOf(source)
  const servers =
    settings.NATS_URL === ''
      ? await startEmbeddedServers({
          home: settings.JETHOOK_HOME,
          databaseUrl: 'not started',
          natsListen: natsListen(settings),
          onProgress: say,
        })
      : null
  try {
    const nats = await connectAs('admin', {
      settings: { ...settings, NATS_URL: servers?.natsAddress ?? settings.NATS_URL },
      name: 'restore',
      logger: createLogger('warn'),
    })
    try {
      const options = { nats, settings, onProgress: say }
      await (store ? restoreFromStore({ ...options, store }) : restore({ ...options, folder: source }))
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
