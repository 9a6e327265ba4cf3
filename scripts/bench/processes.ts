import { type ChildProcess, fork, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

export interface BenchReceiver {
  url: string
  pid: number
  count(): number
  /** Resolves when so many requests have come since the start. */
  reached(total: number): Promise<void>
  stop(): void
}

export function startBenchReceiver(): Promise<BenchReceiver> {
  return new Promise((resolve) => {
    const child = fork(here('receiver.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    let count = 0
    const waiters = new Set<{ total: number; resolve: () => void }>()
    child.on('message', (message: { port?: number; count?: number }) => {
      if (message.count !== undefined) {
        count = message.count
        for (const waiter of waiters) if (count >= waiter.total) waiter.resolve()
      }
      if (message.port === undefined) return
      resolve({
        url: `http://127.0.0.1:${message.port}`,
        pid: child.pid!,
        count: () => count,
        reached: (total) =>
          new Promise((reach) => {
            if (count >= total) reach()
            else waiters.add({ total, resolve: reach })
          }),
        stop: () => child.kill(),
      })
    })
  })
}

export interface LoadResult {
  statuses: Record<string, number>
  p50Ms: number
  p99Ms: number
  seconds: number
}

export interface Load {
  origin: string
  path: string
  headers: Record<string, string>
  body: string
  connections: number
  total: number
}

/** @param program Which generator the order is for. */
export function runLoad<Order extends { total: number } = Load>(
  order: Order,
  program = 'load.ts',
): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = fork(here(program), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const beganMs = performance.now()
    child.once('message', (result: Omit<LoadResult, 'seconds'>) => {
      resolve({ ...result, seconds: (performance.now() - beganMs) / 1_000 })
      child.kill()
    })
    child.once('exit', (code) => reject(new Error(`the load generator ended with code ${code}`)))
    child.send(order)
  })
}

/** Starts `npm start --json` on given servers; resolves when it is ready. */
export function startJethookProcess(environment: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['scripts/start/main.ts', '--json'], {
    cwd: PROJECT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(child))
    child.once('exit', (code) => reject(new Error(`jethook ended with code ${code}`)))
  })
}

const TICKS_PER_SECOND = 100

/** CPU seconds that a process (with its children that have ended) has used; 0 where /proc is not to be had. */
export function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND
  } catch {
    return 0
  }
}

/** The pids of a process and of all that it has started: Postgres works in many. */
export function processTree(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number)
    return [pid, ...children.flatMap(processTree)]
  } catch {
    return [pid]
  }
}
