import { setTimeout as delay } from 'node:timers/promises'
import type { Nats } from '#shared/runtime/nats.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { type Checkpoints, readCheckpoints } from './queries/checkpoints.ts'

/** Lets a GET see everything that was acknowledged before it came in. */
export interface ReadYourWrites {
  /** @returns false when the read model was still behind after the time-out: the answer may then be too old. */
  catchUp(): Promise<boolean>
  checkpoints(): Promise<Checkpoints>
}

const POLL_MIN_MS = 3
const POLL_MAX_MS = 25

export function createReadYourWrites({
  nats,
  orm,
  timeoutMs,
}: {
  nats: Nats
  orm: Orm
  timeoutMs: number
}): ReadYourWrites {
  let pollUnderWay: Promise<Checkpoints> | null = null

  /** One query for all who ask at once. */
  function checkpoints(): Promise<Checkpoints> {
    pollUnderWay ??= readCheckpoints(orm).finally(() => {
      pollUnderWay = null
    })
    return pollUnderWay
  }

  async function waitUntil(isReached: (now: Checkpoints) => boolean, untilMs: number): Promise<boolean> {
    for (let waitMs = POLL_MIN_MS; ; waitMs = Math.min(waitMs * 1.5, POLL_MAX_MS)) {
      if (isReached(await checkpoints())) return true
      if (performance.now() >= untilMs) return false
      await delay(waitMs)
    }
  }

  async function lastSeqOf(stream: 'EVENTS' | 'LEDGER' | 'CONTROL'): Promise<number> {
    return (await readStreamState(nats.jsm, stream)).lastSeq
  }

  return {
    checkpoints,
    async catchUp() {
      const untilMs = performance.now() + timeoutMs
      const [events, control, ledger] = await Promise.all([
        lastSeqOf(STREAM_NAMES.events),
        lastSeqOf(STREAM_NAMES.control),
        lastSeqOf(STREAM_NAMES.ledger),
      ])
      // Matching makes LEDGER longer than it was, but its own facts say how far it has come.
      return waitUntil(
        (now) => now.events >= events && now.control >= control && now.ledger >= ledger && now.matchedEvents >= events,
        untilMs,
      )
    },
  }
}
