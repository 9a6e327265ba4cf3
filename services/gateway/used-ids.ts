import { ProblemError } from '#shared/contract/problems.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { readStored, readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { findEventId } from './queries/event-ids.ts'

/** Tells of ids that JetStream's duplicate window doesn't cover whether they were used before. */
export interface UsedIds {
  /** @throws {ProblemError} EventAlreadyIngested, or ServiceUnavailable when the read model lags too far behind to tell. */
  refuseIfUsed(eventId: string): Promise<void>
}

export interface UsedIdsOptions {
  nats: Nats
  orm: Orm
  clock: Clock
  /** See `reliableWindowMs`. */
  windowMs: number
}

/**
 * The read model knows an event up to its checkpoint, JetStream what came within the window: together they know all as
 * long as what stands behind the checkpoint is younger than the window.
 */
export function createUsedIds({ nats, orm, clock, windowMs }: UsedIdsOptions): UsedIds {
  /** When the first event behind the checkpoint was stored, or null when there is none. */
  async function nextStoredAtMs(checkpointSeq: number): Promise<number | null> {
    // Of the leader: a copy that lags behind would say that there is none.
    const { lastSeq, firstSeq } = await readStreamState(nats, STREAM_NAMES.events)
    if (lastSeq <= checkpointSeq) return null
    const next = await readStored(nats, STREAM_NAMES.events, Math.max(checkpointSeq + 1, firstSeq))
    return next === null ? null : next.time.getTime()
  }

  return {
    async refuseIfUsed(eventId) {
      const { isKnown, checkpointSeq } = await findEventId(orm, eventId)
      if (isKnown) throw new ProblemError('EventAlreadyIngested')
      const storedAtMs = await nextStoredAtMs(checkpointSeq)
      if (storedAtMs !== null && storedAtMs < clock.nowMs() - windowMs) {
        throw new ProblemError('ServiceUnavailable', {
          detail: 'Whether this event_id was used before cannot be told right now.',
        })
      }
    },
  }
}
