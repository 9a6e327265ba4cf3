import type { Registry } from '../domain/registry.ts'
import { type ControlFact, decodeControlFact } from '../facts/control.ts'
import type { PartState } from './health.ts'
import type { Logger } from './logger.ts'
import type { Nats } from './nats.ts'
import { createStreamReader } from './stream-reader.ts'
import { readStreamState, STREAM_NAMES } from './streams.ts'

const BATCH_MAX = 500

/** Keeps a registry up to date with CONTROL. */
export interface ControlReader {
  /** Resolves when everything that CONTROL held at the call is in the registry. */
  start(): Promise<void>
  stop(): Promise<void>
  /**
   * Resolves when the registry has folded in CONTROL up to `seq`.
   * @returns false when `timeoutMs` passed first.
   */
  waitFor(seq: number, timeoutMs: number): Promise<boolean>
  /** Calls `listener` with each fact after the registry has it. @returns a function that ends this. */
  onFact(listener: (fact: ControlFact) => void): () => void
  state(): PartState
}

export function createControlReader({
  nats,
  logger,
  registry,
}: {
  nats: Nats
  logger: Logger
  registry: Registry
}): ControlReader {
  const waiters = new Set<{ seq: number; resolve: (reached: boolean) => void }>()
  const listeners = new Set<(fact: ControlFact) => void>()
  const reader = createStreamReader({
    nats,
    logger,
    stream: STREAM_NAMES.control,
    fromSeq: () => registry.seq + 1,
    batchMax: BATCH_MAX,
    async onBatch(messages) {
      for (const message of messages) {
        const fact = decodeControlFact(message.string())
        registry.evolve(fact, message.seq)
        for (const listener of listeners) listener(fact)
      }
      for (const waiter of waiters) {
        if (registry.seq >= waiter.seq) waiter.resolve(true)
      }
    },
  })

  function waitFor(seq: number, timeoutMs: number): Promise<boolean> {
    if (registry.seq >= seq) return Promise.resolve(true)
    return new Promise((resolve) => {
      const settle = (reached: boolean) => {
        clearTimeout(timer)
        waiters.delete(waiter)
        resolve(reached)
      }
      const waiter = { seq, resolve: settle }
      const timer = setTimeout(settle, timeoutMs, false)
      waiters.add(waiter)
    })
  }

  return {
    async start() {
      const { lastSeq } = await readStreamState(nats, STREAM_NAMES.control)
      reader.start()
      while (!(await waitFor(lastSeq, 5_000))) logger.warn({ lastSeq, seq: registry.seq }, 'still reading CONTROL')
    },
    stop: () => reader.stop(),
    state: reader.state,
    waitFor,
    onFact(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
