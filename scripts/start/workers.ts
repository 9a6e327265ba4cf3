import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ServiceNames } from './worker-plan.ts'

/** The other processes of a jethook that is spread over several. */
export interface Workers {
  /** Resolves when each of them takes work. @throws {Error} with what one said when it can't start. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Processes that are running now. */
  pids(): number[]
  /** Resolves when one ends again and again. */
  failed: Promise<Error>
}

const PROGRAM = fileURLToPath(new URL('worker-main.ts', import.meta.url))
const RESTART_WAIT_MS = 1_000
/** A process that ends so often within a minute of its start is not started again. */
const ENDS_MAX = 5
const SHORT_LIFE_MS = 60_000

interface Worker {
  services: ServiceNames
  child: ChildProcess | null
  endsInARow: number
}

/** @param environment Names the running servers. */
export function createWorkers(plan: readonly ServiceNames[], environment: Record<string, string>): Workers {
  const workers: Worker[] = plan.map((services) => ({ services, child: null, endsInARow: 0 }))
  const { promise: failed, resolve: fail } = Promise.withResolvers<Error>()
  let isStopping = false

  function run(worker: Worker): Promise<void> {
    const startedMs = performance.now()
    const child = fork(PROGRAM, [...worker.services], {
      env: { ...process.env, ...environment },
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
    pids: () => workers.flatMap(({ child }) => child?.pid ?? []),
    failed,
  }
}
