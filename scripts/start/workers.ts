import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ServiceNames } from './worker-plan.ts'

/** The other processes of a jethook that is spread over several. */
export interface Workers {
  /** Resolves when each of them takes work. @throws {Error} with what one said when it can't start. */
  start(): Promise<void>
  stop(): Promise<void>
  /** What doesn't run right now, since its process has ended and is started again; null: everything runs. */
  missing(): string | null
  /** Resolves when one ends again and again. */
  failed: Promise<Error>
}

const PROGRAM = fileURLToPath(import.meta.resolve('#scripts/start/worker-main.ts'))
const RESTART_WAIT_MS = 1_000
/** A process that ends so often within a minute of its start is not started again. */
const ENDS_MAX = 5
const SHORT_LIFE_MS = 60_000

interface Worker {
  services: ServiceNames
  /** Of its own server for probes and Prometheus; 0: there is none. */
  monitoringPort: number
  child: ChildProcess | null
  endsInARow: number
}

/**
 * @param environment Names the running servers.
 * @param monitoringPort Of the first process: the others take those after it. 0: there is none.
 */
export function createWorkers(
  plan: readonly ServiceNames[],
  { environment, monitoringPort }: { environment: Record<string, string>; monitoringPort: number },
): Workers {
  const workers: Worker[] = plan.map((services, i) => ({
    services,
    monitoringPort: monitoringPort === 0 ? 0 : monitoringPort + 1 + i,
    child: null,
    endsInARow: 0,
  }))
  const { promise: failed, resolve: fail } = Promise.withResolvers<Error>()
  let isStopping = false

  function run(worker: Worker): Promise<void> {
    const startedMs = performance.now()
    const child = fork(PROGRAM, [...worker.services], {
      env: { ...process.env, ...environment, MONITORING_PORT: String(worker.monitoringPort) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    worker.child = child
    return new Promise((ready, reject) => {
      child.once('message', () => ready())
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        worker.child = null
        const ended = new Error(`the process of ${worker.services.join(', ')} has ended (${signal ?? code})`)
        reject(ended)
        worker.endsInARow = performance.now() - startedMs < SHORT_LIFE_MS ? worker.endsInARow + 1 : 1
        if (worker.endsInARow >= ENDS_MAX) fail(ended)
        else if (!isStopping) setTimeout(() => again(worker), RESTART_WAIT_MS).unref()
      })
    })
  }

  function again(worker: Worker): void {
    // What goes wrong is counted when it ends.
    if (!isStopping) run(worker).catch(() => {})
  }

  return {
    async start() {
      await Promise.all(workers.map(run))
    },
    async stop() {
      isStopping = true
      await Promise.all(
        workers.map(
          ({ child }) =>
            new Promise<void>((ended) => {
              if (child === null) return ended()
              child.once('exit', () => ended())
              child.kill('SIGTERM')
            }),
        ),
      )
    },
    missing() {
      const missing = workers.filter(({ child }) => child === null).flatMap(({ services }) => services)
      return missing.length === 0 ? null : missing.join(', ')
    },
    failed,
  }
}
