import { controlSubject, decodeControlFact, type NotifierPosition } from '#shared/facts/control.ts'
import { CONTROL_SUBJECTS } from '#shared/facts/subjects.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { readLastOf, readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'

/** Where the notifier stands in one stream, kept in CONTROL. */
export interface Position {
  /** Reads it; of a notifier that never ran, the stream's present end, kept at once. Never behind the stream's end. */
  load(): Promise<NotifierPosition>
  /** @throws {AppendConflictError} when another notifier has moved it. */
  save(seq: number, refoldFromSeq: number): Promise<void>
}

export function createPosition(nats: Nats, control: Appender, stream: NotifierPosition['stream']): Position {
  let place = 0

  async function save(seq: number, refoldFromSeq: number): Promise<void> {
    const fact: NotifierPosition = { v: 1, type: 'notifier', stream, seq, refoldFromSeq }
    const message = { subject: controlSubject(fact), body: JSON.stringify(fact), expectLastSubjectSeq: place }
    place = (await control.append(message)).seq
  }

  return {
    save,
    async load() {
      const stored = await readLastOf(nats, STREAM_NAMES.control, CONTROL_SUBJECTS.notifier(stream))
      place = stored?.seq ?? 0
      const { lastSeq } = await readStreamState(nats, stream)
      if (stored === null) {
        await save(lastSeq, lastSeq + 1)
        return { v: 1, type: 'notifier', stream, seq: lastSeq, refoldFromSeq: lastSeq + 1 }
      }
      const fact = decodeControlFact(stored.string()) as NotifierPosition
      // A stream that was put back from an older copy: what comes in it from now on is new.
      const seq = Math.min(fact.seq, lastSeq)
      return { ...fact, seq, refoldFromSeq: Math.min(fact.refoldFromSeq, seq + 1) }
    },
  }
}
