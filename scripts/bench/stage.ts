import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import { type EmbeddedServers, startEmbeddedServers } from '#scripts/embedded/servers.ts'
import type { Credentials } from '#scripts/start/credentials.ts'
import { startCpuMeter } from './cpu.ts'
import { jethookTarget } from './jethook-load.ts'
import type { BenchOptions } from './options.ts'
import { type JethookProcess, startJethookProcess } from './processes.ts'
import type { Results } from './results.ts'
import type { Target } from './targets/target.ts'

/** What a scenario needs that can be done with any sender of webhooks. */
export interface Drive {
  options: BenchOptions
  target: Target
  /** 1 for the full size, less for a quick look. */
  scale: number
  /** Of this run so far: what others are measured by. */
  results: Results
  /** `--size` if it was given. */
  size(full: number, quick: number): number
  /** CPU of jethook and its servers, where they are ours, and of whatever else is named. */
  startCpuMeter(others?: Record<string, number>): ReturnType<typeof startCpuMeter>
  /** Resolves when so many attempts of the event type, of events since then, have succeeded, as rows of jethook's. */
  rowsReach(eventType: string, total: number, sinceMs: number): Promise<void>
  tell(line: string): void
}

/** What a scenario runs on. */
export interface Bench extends Drive {
  servers: EmbeddedServers
  credentials: Credentials
  jethookPid: number
  /** Stops jethook and starts it again, with other settings if wanted; the servers stay. */
  restart(environment?: Record<string, string>): Promise<void>
  /** Only the servers stay. */
  stopJethook(): Promise<void>
  /** Resolves when all that was done is in the read model: what is left of one scenario is not the next one's load. */
  settled(): Promise<void>
}

/** Servers and a jethook of their own, on an empty home directory. */
export interface Stage {
  bench: Bench
  close(): Promise<void>
}

const QUICK_SCALE = 0.1
const ROWS_LIMIT_MS = 20 * 60_000
const POLL_MS = 50
/** One sender sends all: what is measured is not how others are kept from flooding. */
const UNLIMITED = { DISABLE_API_RATE_LIMITING: 'true' }
/** A receiver that hangs is found out after five of these. */
const QUICK_TIMEOUT = { DELIVERY_TIMEOUT_MS: '1500' }

export const tell = (line: string): void => void process.stderr.write(`  ${line}\n`)

export async function openStage(options: BenchOptions, results: Results): Promise<Stage> {
  const home = await mkdtemp(join(tmpdir(), 'jethook-bench-'))
  const servers = await startEmbeddedServers({ home, hasOpenUser: true, onProgress: tell })
  const rows = new pg.Client({ connectionString: servers.databaseUrl })
  let jethook: JethookProcess | null = null

  async function enter(environment: Record<string, string> = {}) {
    const profiling = options.profileFolder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profileFolder}`]
    const settings = {
      JETHOOK_HOME: home,
      PORT: String(await anyFreePort()),
      NATS_URL: servers.natsUrl,
      DATABASE_URL: servers.databaseUrl,
      LOG_LEVEL: 'error',
      ...UNLIMITED,
      ...(options.isQuick ? QUICK_TIMEOUT : {}),
      ...environment,
    }
    jethook = await startJethookProcess(settings, profiling)
    const credentials = JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')) as Credentials
    return { jethookPid: jethook.pid, credentials, target: jethookTarget(credentials) }
  }

  async function stopJethook(): Promise<void> {
    await jethook?.stop()
    jethook = null
  }

  async function close(): Promise<void> {
    await stopJethook()
    await rows.end().catch(() => {})
    await servers.stop()
    await rm(home, { recursive: true, force: true })
  }

  try {
    await rows.connect()
    return { bench: benchOf(await enter()), close }
  } catch (error) {
    await close()
    throw error
  }

  function benchOf(entered: Awaited<ReturnType<typeof enter>>): Bench {
    const bench: Bench = {
      servers,
      ...entered,
      scale: options.isQuick ? QUICK_SCALE : 1,
      options,
      results,
      size: (full, quick) => options.size ?? (options.isQuick ? quick : full),
      startCpuMeter: (others = {}) =>
        startCpuMeter({
          jethook: bench.jethookPid,
          'nats-server': servers.nats!.pid,
          postgres: servers.postgres!.pid,
          ...others,
        }),
      async rowsReach(eventType, total, sinceMs) {
        const untilMs = performance.now() + ROWS_LIMIT_MS
        for (;;) {
          // By an index: to look through all that was there before would be a load of its own.
          const answer = await rows.query<{ count: string }>(
            `SELECT count(*) AS count FROM attempts
             WHERE application_id = $1 AND created_at >= $2 AND event_type = $3 AND outcome = 'success'`,
            [bench.credentials.application_id, new Date(sinceMs), eventType],
          )
          const count = Number(answer.rows[0]?.count)
          if (count >= total) return
          if (performance.now() > untilMs) throw new Error(`${count} of ${total} attempts are in the read model`)
          await new Promise((wait) => setTimeout(wait, POLL_MS))
        }
      },
      async restart(environment = {}) {
        await stopJethook()
        Object.assign(bench, await enter(environment))
      },
      stopJethook,
      async settled() {
        if (jethook === null) return
        const { api_url, application_id, service_token } = bench.credentials
        const untilMs = performance.now() + ROWS_LIMIT_MS
        for (;;) {
          const response = await fetch(`${api_url}/events?application_id=${application_id}&limit=1`, {
            headers: { authorization: `Bearer ${service_token}` },
          })
          await response.arrayBuffer()
          if (response.headers.get('jethook-read-model') === 'current') return
          if (performance.now() > untilMs) throw new Error('the read model does not catch up')
          await new Promise((wait) => setTimeout(wait, POLL_MS))
        }
      },
      tell,
    }
    return bench
  }
}

/** A system that runs elsewhere: its processes and rows are not to be seen. */
export function openPeerDrive(target: Target, options: BenchOptions, results: Results): Drive {
  return {
    options,
    target,
    scale: options.isQuick ? QUICK_SCALE : 1,
    results,
    size: (full, quick) => options.size ?? (options.isQuick ? quick : full),
    startCpuMeter: (others = {}) => startCpuMeter(others),
    rowsReach: async () => {},
    tell,
  }
}
