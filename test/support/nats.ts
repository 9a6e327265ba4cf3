import { mkdtemp, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type NatsLimits, startNatsServer } from '#scripts/embedded/nats-server.ts'
import type { ServerProcess } from '#scripts/embedded/server-process.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import { applyStreams } from '#shared/runtime/streams.ts'

/** A nats-server of its own, with jethook's streams. */
export interface TestNats {
  server: ServerProcess
  nats: Nats
  /** Of the server; its keys are in `keys`. */
  dir: string
  /** `kill -9`, then a start on the same files and port, perhaps with other bounds. */
  restartServer(limits?: NatsLimits): Promise<void>
  close(): Promise<void>
}

export const testLogger = createLogger(process.env['TEST_LOG_LEVEL'] ?? 'silent')

export async function startTestNats(limits: NatsLimits = {}): Promise<TestNats> {
  const dir = await mkdtemp(join(tmpdir(), 'jethook-nats-'))
  const cacheDir =
    process.env['JETHOOK_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'jethook')
  const start = (bounds: NatsLimits) =>
    startNatsServer({ dir, logFile: join(dir, 'log'), cacheDir, limits: bounds, hasOpenUser: true })
  let server = await start(limits)
  const nats = await connectNats(server.url, 'test', testLogger)
  await applyStreams(nats.jsm, loadSettings({}))
  return {
    server,
    nats,
    dir,
    async restartServer(bounds = limits) {
      await server.kill()
      server = await start(bounds)
    },
    async close() {
      await nats.connection.close()
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
