import { parseArgs } from 'node:util'
import { accessConfig, keyFilesComment } from '#scripts/embedded/nats-config.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { natsKeysDir } from '#shared/runtime/nats-access.ts'
import { makeNatsKeys } from '#shared/runtime/nats-keys.ts'

const HELP = `npm run --silent nats-config > jethook.conf

  Makes jethook's NATS keys where they are missing (NATS_KEYS_DIR, default JETHOOK_HOME/nats/keys), and prints the accounts, users
  and auth callout that belong to them, in the words of nats-server's configuration: \`include ./jethook.conf\` in that of your server.
  No private key is printed.`

try {
  const { values } = parseArgs({ options: { help: { type: 'boolean', default: false } } })
  if (values.help) process.stdout.write(`${HELP}\n`)
  else {
    const folder = natsKeysDir(loadSettings(process.env))
    const keys = await makeNatsKeys(folder)
    process.stdout.write(`${keyFilesComment(folder)}\n${accessConfig({ keys })}`)
  }
} catch (error) {
  process.stderr.write(`jethook: ${(error as Error).message}\n`)
  process.exitCode = 1
}
