import type { LaneCheckpoint } from '#shared/facts/control.ts'

/** What the server says of one of a lane's consumers, as stream sequences. */
export interface ConsumerPosition {
  /** Everything up to here is acknowledged. */
  ackedThroughSeq: number
  /** Everything up to here has been handed out at least once. */
  deliveredThroughSeq: number
}

/** How the lane stood at a past moment. */
interface Mark {
  ledgerDeliveredSeq: number
  waitingDeliveredSeq: number
  ledgerLastSeq: number
}

export interface LaneProgress {
  checkpoint: LaneCheckpoint
  /** Past moments, oldest first, of which something may still be without an acknowledgement. */
  marks: readonly Mark[]
}

const MARKS_MAX = 64

export interface LaneObservation {
  ledger: ConsumerPosition
  waiting: ConsumerPosition
  /** The last sequence of LEDGER that was known *before* the positions were asked for. */
  ledgerLastSeq: number
  /** What came elsewhere than by the consumers can come again too: its attempts were recorded after this sequence. */
  attemptsBound?: number
}

/**
 * The lane's progress after a look at its consumers. A floor never goes back, not even when the server has lost a
 * consumer's state. What was handed out before a moment and is acknowledged by now can't come again, so whatever can
 * come was handed out after it, and its attempt, if there is one, was recorded after it.
 */
export function advanceLane({ checkpoint, marks }: LaneProgress, seen: LaneObservation): LaneProgress {
  const ledgerSeq = Math.max(checkpoint.ledgerSeq, seen.ledger.ackedThroughSeq)
  const waitingSeq = Math.max(checkpoint.waitingSeq, seen.waiting.ackedThroughSeq)
  const mark: Mark = {
    ledgerDeliveredSeq: seen.ledger.deliveredThroughSeq,
    waitingDeliveredSeq: seen.waiting.deliveredThroughSeq,
    ledgerLastSeq: seen.ledgerLastSeq,
  }
  let { attemptsAfterLedgerSeq } = checkpoint
  const open: Mark[] = []
  for (const past of [...marks, mark]) {
    if (past.ledgerDeliveredSeq <= ledgerSeq && past.waitingDeliveredSeq <= waitingSeq) {
      attemptsAfterLedgerSeq = Math.max(
        attemptsAfterLedgerSeq,
        Math.min(past.ledgerLastSeq, seen.attemptsBound ?? Number.POSITIVE_INFINITY),
      )
    } else {
      open.push(past)
    }
  }
  // Of too many the newer ones are dropped: the floor then moves later, never too early.
  return {
    checkpoint: { ...checkpoint, ledgerSeq, waitingSeq, attemptsAfterLedgerSeq },
    marks: open.slice(0, MARKS_MAX),
  }
}
