import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { type Checkpoints, readCheckpoints } from './queries/checkpoints.ts'
import { shareRuns } from './share-runs.ts'

/** Lets a GET see everything that was acknowledged before it came in. */
export interface ReadYourWrites {
  /** @returns false when the read model was still behind after the time-out: the answer may then be too old. */
  catchUp(): Promise<boolean>
}

const POLL_MIN_MS = 3
const POLL_MAX_MS = 25

export interface ReadYourWritesOptions {
  nats: Nats
  orm: Orm
  timeoutMs: number
  logger: Logger
}

/** What the streams hold. */
interface LastSeqs {
  events: number
  ledger: number
  control: number
}

export function createReadYourWrites({ nats, orm, timeoutMs, logger }: ReadYourWritesOptions): ReadYourWrites {
  const lastSeqOf = async (stream: 'EVENTS' | 'LEDGER' | 'CONTROL') => (await readStreamState(nats, stream)).lastSeq
  const checkpoints = shareRuns(() => readCheckpoints(orm))

  const readLastSeqs = shareRuns(async (): Promise<LastSeqs | null> => {
    try {
      const [events, ledger, control] = await Promise.all([
        lastSeqOf(STREAM_NAMES.events),
        lastSeqOf(STREAM_NAMES.ledger),
        lastSeqOf(STREAM_NAMES.control),
      ])
      return { events, ledger, control }
    } catch (error) {
      logger.warn({ err: error }, 'the streams could not be asked for their state')
      return null
    }
  })

  async function waitUntilShows(wanted: LastSeqs, untilMs: number): Promise<boolean> {
    for (let waitMs = POLL_MIN_MS; ; waitMs = Math.min(waitMs * 1.5, POLL_MAX_MS)) {
      if (shows(await checkpoints(), wanted)) return true
      if (performance.now() >= untilMs) return false
      await delay(waitMs)
    }
  }

  return {
    async catchUp() {
      const untilMs = performance.now() + timeoutMs
      const wanted = await Promise.race([readLastSeqs(), delay(timeoutMs, null, { ref: false })])
      return wanted !== null && waitUntilShows(wanted, untilMs)
    },
  }
}

/** Matching makes LEDGER longer than it was at the request, but its own facts say up to which event it has come. */
function shows(now: Checkpoints, wanted: LastSeqs): boolean {
  return (
    now.events >= wanted.events &&
    now.matchedEvents >= wanted.events &&
    now.ledger >= wanted.ledger &&
    now.control >= wanted.control
  )
}
