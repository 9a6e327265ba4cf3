import { Worker } from 'node:worker_threads'
import type { SchemaViolation, WorkerAnswer, WorkerRequest } from './messages.ts'

export type SchemaVerdict =
  | { type: 'valid' }
  | { type: 'invalid'; errors: SchemaViolation[] }
  | { type: 'timed-out' }
  | { type: 'busy' }

/**
 * Checks payloads against customers' JSON Schemas, in a thread of its own: a hostile schema or a slow regular expression
 * costs its own request, never the process.
 */
export interface SchemaChecker {
  /** Why a schema can't be used, or null. */
  refusalOf(schema: unknown): Promise<string | null>
  /**
   * @param key Names a version of a schema: the same key always comes with the same schema.
   * @param payload JSON text.
   */
  check(key: string, schema: unknown, payload: string): Promise<SchemaVerdict>
  stop(): Promise<void>
}

export interface SchemaCheckerOptions {
  /** For one check; then the thread is ended and another one goes on. */
  timeLimitMs: number
  /** Compiled schemas that are kept. */
  compiledMax: number
  memoryMaxMb: number
  waitingMax: number
}

/** To start a thread and load its program takes longer than any check. */
const START_LIMIT_MS = 10_000

type Outcome = WorkerAnswer | { type: 'timed-out' } | { type: 'busy' }

interface Job {
  request: WorkerRequest
  settle(outcome: Outcome): void
}

export function createSchemaChecker({
  timeLimitMs,
  compiledMax,
  memoryMaxMb,
  waitingMax,
}: SchemaCheckerOptions): SchemaChecker {
  const waiting: Job[] = []
  let current: Job | null = null
  let worker: Worker | null = null
  let timer: NodeJS.Timeout | null = null
  let nextId = 1
  let isStopped = false

  function run(request: WorkerRequest): Promise<Outcome> {
    if (isStopped || waiting.length >= waitingMax) return Promise.resolve({ type: 'busy' })
    return new Promise((settle) => {
      waiting.push({ request, settle })
      pump()
    })
  }

  /** One after the other, so that the time limit is the one of the check under way. */
  function pump(): void {
    if (current !== null) return
    current = waiting.shift() ?? null
    if (current === null) {
      worker?.unref()
      return
    }
    const isNew = worker === null
    worker ??= startWorker()
    worker.ref()
    worker.postMessage(current.request)
    timer = setTimeout(giveUp, isNew ? START_LIMIT_MS : timeLimitMs)
  }

  function startWorker(): Worker {
    const started = new Worker(new URL(import.meta.resolve('#services/gateway/schema-check/schema-worker.ts')), {
      workerData: { compiledMax },
      resourceLimits: { maxOldGenerationSizeMb: memoryMaxMb, stackSizeMb: 2 },
      env: {},
    })
    started.on('message', (answer: WorkerAnswer) => {
      if (started === worker) finish(answer)
    })
    // Out of memory, or a fault: the check that it was at is lost, the others go to another thread.
    started.on('error', () => {
      if (started === worker) giveUp()
    })
    return started
  }

  function giveUp(): void {
    void worker?.terminate()
    worker = null
    finish({ type: 'timed-out' })
  }

  function finish(outcome: Outcome): void {
    if (timer) clearTimeout(timer)
    timer = null
    const done = current
    current = null
    done?.settle(outcome)
    pump()
  }

  return {
    async refusalOf(schema) {
      await warmUp()
      const outcome = await run({ id: nextId++, type: 'compile', schema })
      if (outcome.type === 'compiled') return outcome.refusal
      return outcome.type === 'busy'
        ? 'too many schemas are being checked; try again'
        : 'the schema takes too long to compile; make it simpler'
    },
    async check(key, schema, payload) {
      await warmUp()
      let outcome = await run({ id: nextId++, type: 'check', key, payload })
      if (outcome.type === 'unknown key') outcome = await run({ id: nextId++, type: 'check', key, schema, payload })
      if (outcome.type === 'checked')
        return outcome.violations.length === 0 ? { type: 'valid' } : { type: 'invalid', errors: outcome.violations }
      return outcome.type === 'busy' ? { type: 'busy' } : { type: 'timed-out' }
    },
    async stop() {
      isStopped = true
      if (timer) clearTimeout(timer)
      for (const job of [...(current ? [current] : []), ...waiting.splice(0)]) job.settle({ type: 'busy' })
      current = null
      await worker?.terminate()
      worker = null
    },
  }

  /** A new thread first answers something simple: its start is not counted against anybody's time. */
  async function warmUp(): Promise<void> {
    if (worker === null) await run({ id: nextId++, type: 'compile', schema: true })
  }
}
