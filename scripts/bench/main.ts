import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import { type EmbeddedServers, startEmbeddedServers } from '#scripts/embedded/servers.ts'
import type { Credentials } from '#scripts/start/credentials.ts'
import { benchBare } from './bare.ts'
import { benchIngest } from './ingest.ts'
import { benchIsolation } from './isolation.ts'
import { benchNats } from './nats.ts'
import { startJethookProcess } from './processes.ts'
import { printTable, type ScenarioResult } from './table.ts'
import { benchThroughput } from './throughput.ts'

/** What a scenario runs on: servers, a jethook of its own process, and how many events to take. */
export interface Bench {
  servers: EmbeddedServers
  credentials: Credentials
  jethookPid: number
  /** 1 for the full size, less for a quick look. */
  scale: number
}

const SCENARIOS: Record<string, (bench: Bench) => Promise<Record<string, ScenarioResult>>> = {
  bare: benchBare,
  ingest: benchIngest,
  nats: benchNats,
  throughput: benchThroughput,
  isolation: benchIsolation,
}

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, only: { type: 'string' } },
})
const names = values.only ? [values.only] : Object.keys(SCENARIOS)
const unknown = names.find((name) => !(name in SCENARIOS))
if (unknown !== undefined) {
  process.stderr.write(`jethook: there is no scenario '${unknown}'; there are ${Object.keys(SCENARIOS).join(', ')}.\n`)
  process.exit(1)
}

const home = await mkdtemp(join(tmpdir(), 'jethook-bench-'))
const tell = (line: string) => process.stderr.write(`  ${line}\n`)
const results: Record<string, ScenarioResult> = {}
const servers = await startEmbeddedServers({ home, hasOpenUser: true, onProgress: tell })
try {
  const port = await anyFreePort()
  const jethook = await startJethookProcess({
    JETHOOK_HOME: home,
    PORT: String(port),
    NATS_URL: servers.natsUrl,
    DATABASE_URL: servers.databaseUrl,
    LOG_LEVEL: 'error',
  })
  try {
    const credentials = JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')) as Credentials
    for (const name of names) {
      tell(`${name} …`)
      Object.assign(
        results,
        await SCENARIOS[name]!({ servers, credentials, jethookPid: jethook.pid!, scale: values.quick ? 0.25 : 1 }),
      )
    }
  } finally {
    const ended = new Promise((resolve) => jethook.once('exit', resolve))
    jethook.kill('SIGTERM')
    await ended
  }
} finally {
  await servers.stop()
  await rm(home, { recursive: true, force: true })
}
if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`)
else printTable(results)
