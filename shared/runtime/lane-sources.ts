import { LEDGER_SUBJECTS, WAITING_SUBJECTS } from '../facts/subjects.ts'
import { STREAM_NAMES, type StreamName } from './streams.ts'

/** One of a lane's two sources of work: a durable consumer of a stream. */
export interface LaneSource {
  stream: StreamName
  consumerName: string
  filterSubject: string
}

export function laneSources(lane: number): { ledger: LaneSource; waiting: LaneSource } {
  return {
    ledger: {
      stream: STREAM_NAMES.ledger,
      consumerName: `lane-${lane}`,
      filterSubject: LEDGER_SUBJECTS.delivery(lane),
    },
    waiting: { stream: STREAM_NAMES.waiting, consumerName: `due-${lane}`, filterSubject: WAITING_SUBJECTS.due(lane) },
  }
}
