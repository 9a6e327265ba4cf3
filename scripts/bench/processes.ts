import { type ChildProcess, fork, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { LoadOrder } from './load.ts'
import type { Quantiles } from './quantiles.ts'

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const REACH_LIMIT_MS = 20 * 60_000
const POLL_MS = 10

export interface BenchReceiver {
  url: string
  pid: number
  /** Requests that were answered. */
  count(): number
  /** Requests that came under `/hang`. */
  hanging(): number
  /** Resolves when so many requests have been answered since the start. @throws when nothing has come for long. */
  reached(total: number, limitMs?: number): Promise<void>
  /** What has come since the last report. */
  report(): Promise<ReceiverReport>
  stop(): void
}

export interface ReceiverReport {
  count: number
  sinceDue: Quantiles
  sinceAccepted: Quantiles
}

type ReceiverMessage = { port?: number; count?: number; hanging?: number; report?: ReceiverReport }

export function startBenchReceiver(): Promise<BenchReceiver> {
  return new Promise((resolve, reject) => {
    const child = fork(here('receiver.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    let count = 0
    let hanging = 0
    let tellReport: ((report: ReceiverReport) => void) | null = null
    child.once('error', reject)
    child.on('message', (message: ReceiverMessage) => {
      count = message.count ?? message.report?.count ?? count
      hanging = message.hanging ?? hanging
      if (message.report) tellReport?.(message.report)
      if (message.port === undefined) return
      resolve({
        url: `http://127.0.0.1:${message.port}`,
        pid: child.pid!,
        count: () => count,
        hanging: () => hanging,
        async reached(total, limitMs = REACH_LIMIT_MS) {
          const untilMs = performance.now() + limitMs
          while (count < total) {
            if (performance.now() > untilMs) throw new Error(`${count} of ${total} requests have arrived`)
            await new Promise((wait) => setTimeout(wait, POLL_MS))
          }
        },
        report: () =>
          new Promise((told) => {
            tellReport = told
            child.send('report')
          }),
        stop: () => void child.kill(),
      })
    })
  })
}

export interface LoadResult {
  statuses: Record<string, number>
  p50Ms: number
  p99Ms: number
  p999Ms?: number
  /** From the first request to the last answer. */
  seconds: number
  retryAfterCount?: number
  counted?: number
  cpuSeconds?: number
}

export type Load = LoadOrder

/** @param program Which generator the order is for. */
export function runLoad<Order extends { total: number } = Load>(
  order: Order,
  program = 'load.ts',
): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = fork(here(program), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const beganMs = performance.now()
    child.once('message', (result: Omit<LoadResult, 'seconds'> & { seconds?: number }) => {
      resolve({ seconds: (performance.now() - beganMs) / 1_000, ...result })
      child.kill()
    })
    child.once('exit', (code) => reject(new Error(`the load generator ended with code ${code}`)))
    child.send(order)
  })
}

export interface JethookProcess {
  pid: number
  /** From its start until it took requests. */
  readySeconds: number
  stop(): Promise<void>
}

/** Starts `npm start --json`; resolves when it is ready. @param nodeArguments Such as `--cpu-prof`. */
export function startJethookProcess(
  environment: Record<string, string>,
  nodeArguments: readonly string[] = [],
): Promise<JethookProcess> {
  const beganMs = performance.now()
  const child: ChildProcess = spawn(process.execPath, [...nodeArguments, 'scripts/start/main.ts', '--json'], {
    cwd: PROJECT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let lastWords = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-2_000)
  })
  return new Promise((resolve, reject) => {
    child.stdout!.once('data', () =>
      resolve({
        pid: child.pid!,
        readySeconds: (performance.now() - beganMs) / 1_000,
        async stop() {
          child.kill('SIGTERM')
          await ended
        },
      }),
    )
    child.once('exit', (code) => reject(new Error(`jethook ended with code ${code}:\n${lastWords}`)))
  })
}
