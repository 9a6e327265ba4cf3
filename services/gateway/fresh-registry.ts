import { setTimeout as delay } from 'node:timers/promises'
import { ProblemError, type ProblemId } from '#shared/contract/problems.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { shareRuns } from './share-runs.ts'

/** Reads CONTROL up to now where that matters: another gateway may just have written what this one doesn't know yet. */
export interface FreshRegistry {
  /** Resolves when the registry holds what CONTROL held at the call, or after a bounded wait. */
  catchUp(): Promise<void>
  /** Runs `decide`; when it misses something, once more with a registry that is up to date. */
  decide<T>(decide: () => T): T | Promise<T>
}

const WAIT_MAX_MS = 1_000

/** What an older registry would say of things that are there by now. */
const MISSING: ReadonlySet<ProblemId> = new Set([
  'AuthInvalidBiscuit',
  'AuthInvalidApplicationSecret',
  'Forbidden',
  'EventTypeDoesNotExist',
])

export function createFreshRegistry({
  nats,
  controlReader,
  registry,
  logger,
}: {
  nats: Nats
  controlReader: ControlReader
  registry: Registry
  logger: Logger
}): FreshRegistry {
  const readUpToNow = shareRuns(async () => {
    try {
      const { lastSeq } = await readStreamState(nats, STREAM_NAMES.control)
      await controlReader.waitFor(lastSeq, WAIT_MAX_MS)
    } catch (error) {
      logger.warn({ err: error }, 'CONTROL could not be asked for its state')
    }
  })

  /** A server that is away makes its callers wait no longer than this. */
  const catchUp = () => Promise.race([readUpToNow(), delay(WAIT_MAX_MS, undefined, { ref: false })])

  async function decideAgain<T>(decide: () => T, problem: unknown): Promise<T> {
    const seqBefore = registry.seq
    await catchUp()
    if (registry.seq === seqBefore) throw problem
    return decide()
  }

  return {
    catchUp,
    decide(decide) {
      try {
        return decide()
      } catch (error) {
        if (error instanceof ProblemError && MISSING.has(error.document.id)) return decideAgain(decide, error)
        throw error
      }
    },
  }
}
