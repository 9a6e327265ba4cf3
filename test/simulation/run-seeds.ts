import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { FaultName } from './plan.ts'

/** What the report says of one seed. */
export interface SeedRow {
  seed: number
  faults: FaultName[]
  accepted: number
  attempts: number
  delivered: number
  dead: number
  cancelled: number
  /** Accepted and in no way ended. */
  lost: number
  phantom: number
  early: number
  overMax: number
  repeated: number
  broughtBack: number
  /** Empty: every promise was kept. */
  complaints: string[]
  history: string[]
}

/** What a worker is told to run. */
export interface SeedOrder {
  from: number
  count: number
  isTraced: boolean
  faults: readonly FaultName[] | undefined
}

export interface RunOptions {
  from: number
  count: number
  /** A deliberate defect by its name (see mutations.ts). */
  mutation?: string
  /** These instead of those that each seed would choose. */
  faults?: readonly FaultName[] | undefined
  /** Their histories hold everything that happens. */
  isTraced?: boolean
  /** Called with each seed's row. @returns false to end the run. */
  onRow(row: SeedRow): boolean
}

const WORKER = fileURLToPath(new URL('seed-worker.ts', import.meta.url))
const LOADER = new URL('mutation-loader.ts', import.meta.url).href
const RANGE = 50

/** Runs seeds on all cores: each worker takes the next range when it is done with one. */
export async function runSeeds({ from, count, mutation, faults, isTraced = false, onRow }: RunOptions): Promise<void> {
  let next = from
  let isEnded = false
  const end = from + count
  const runWorker = () =>
    new Promise<void>((resolve, reject) => {
      const worker = fork(WORKER, {
        execArgv: mutation === undefined ? [] : ['--import', LOADER],
        env: { ...process.env, ...(mutation === undefined ? {} : { MUTATION: mutation }) },
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      })
      let errors = ''
      worker.stderr!.on('data', (chunk: Buffer) => {
        errors = (errors + chunk.toString()).slice(-4_000)
      })
      let left = 0
      const handOut = () => {
        if (isEnded || next >= end) {
          worker.disconnect()
          return
        }
        left = Math.min(RANGE, end - next)
        const order: SeedOrder = { from: next, count: left, isTraced, faults }
        worker.send(order)
        next += left
      }
      worker.on('message', (row: SeedRow) => {
        if (!isEnded && !onRow(row)) isEnded = true
        if (isEnded) worker.kill('SIGKILL')
        else if (--left === 0) handOut()
      })
      worker.on('exit', (code) => {
        if (isEnded || code === 0) resolve()
        else reject(new Error(`A worker of the simulation ended with ${code}: ${errors}`))
      })
      handOut()
    })
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), Math.ceil(count / RANGE)) }, runWorker))
}
