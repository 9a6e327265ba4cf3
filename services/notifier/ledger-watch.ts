import type { Occurrence } from '#shared/domain/operational-event.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import { createStreamReader } from '#shared/runtime/stream-reader.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { closeMinutes, countDeadLetter, EMPTY_TALLY, readDeadLetter, type Tally } from './dead-letters.ts'
import { createPosition } from './position.ts'
import type { NotifierDependencies, Tell, Watch } from './worker.ts'

const BATCH_MAX = 1_000
const GATHER_MS = 50
const CONTROL_WAIT_MS = 5_000
const MINUTE_MS = 60_000
/** A minute's end is waited for so much longer by the clock, when nothing comes: the server's clock may be another. */
const MINUTE_GRACE_MS = 5_000
const LOOK_INTERVAL_MS = 1_000
/** Without dead letters the position is kept so often at the most: as much is read again after a restart. */
const SAVE_INTERVAL_MS = 10_000

/** Tells of dead letters: one by one up to the limit of a minute, the rest of it by their number when it is over. */
export function watchLedger(deps: NotifierDependencies & { tell: Tell }): Watch {
  const { nats, registry, controlReader, control, config, clock, logger, tell } = deps
  const position = createPosition(nats, control, 'LEDGER')
  let doneSeq = 0
  let readSeq = 0
  let tally: Tally = EMPTY_TALLY
  let isAtEnd = false
  let savedAtMs = 0
  /** Batches and ends of minutes: one after the other. */
  let turn: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | null = null

  const reader = createStreamReader({
    nats,
    logger,
    stream: STREAM_NAMES.ledger,
    filterSubjects: [LEDGER_SUBJECTS.attempt],
    batchMax: BATCH_MAX,
    gatherMs: GATHER_MS,
    isOwnTakenFromMemory: true,
    fromSeq: async () => {
      const kept = await position.load()
      doneSeq = kept.seq
      readSeq = kept.seq
      tally = EMPTY_TALLY
      isAtEnd = false
      return kept.refoldFromSeq
    },
    onBatch(messages, isLast) {
      return inTurn(async () => {
        let next = tally
        const occurrences: Occurrence[] = []
        for (const message of messages) {
          const fact = readDeadLetter(message.data)
          if (fact === null) continue
          const organizationId = await organizationOf(fact.applicationId)
          if (organizationId === null) continue
          const letter = { fact, organizationId, seq: message.seq, storedAtMs: message.time.getTime() }
          const step = countDeadLetter(next, letter, config.eventsPerMinute)
          next = step.tally
          // What was told before is only counted again.
          if (message.seq > doneSeq) occurrences.push(...step.occurrences)
        }
        const last = messages.at(-1)!
        await keep(next, Math.max(last.seq, doneSeq), occurrences)
        isAtEnd = isLast()
      })
    },
  })

  /** Null: nobody is to be told, since the application is gone or is an operational one. */
  async function organizationOf(applicationId: string): Promise<string | null> {
    if (!registry.applications.has(applicationId)) {
      const { lastSeq } = await readStreamState(nats, STREAM_NAMES.control)
      await controlReader.waitFor(lastSeq, CONTROL_WAIT_MS)
    }
    const application = registry.applications.get(applicationId)?.state
    return application === undefined || application.isOperational ? null : application.organizationId
  }

  async function keep(next: Tally, seq: number, occurrences: readonly Occurrence[]): Promise<void> {
    await tell(occurrences)
    const isDue = clock.nowMs() - savedAtMs >= SAVE_INTERVAL_MS && seq > doneSeq
    if (occurrences.length > 0 || isDue) {
      await position.save(seq, next.firstSeq === 0 ? seq + 1 : next.firstSeq)
      savedAtMs = clock.nowMs()
      doneSeq = seq
    }
    readSeq = seq
    tally = next
  }

  function inTurn(work: () => Promise<void>): Promise<void> {
    const result = turn.then(work)
    turn = result.catch(() => {})
    return result
  }

  /** Ends a minute after which nothing has come. */
  async function endMinute(): Promise<void> {
    const minute = Math.floor((clock.nowMs() - MINUTE_GRACE_MS) / MINUTE_MS)
    if (!isAtEnd || tally.counts.size === 0 || minute <= tally.minute) return
    const { tally: next, occurrences } = closeMinutes(tally, minute, config.eventsPerMinute)
    await keep(next, readSeq, occurrences)
  }

  deps.health?.register('notifier ledger', reader.state)
  return {
    start() {
      reader.start()
      timer ??= setInterval(() => {
        inTurn(endMinute).catch((error: unknown) => logger.warn({ err: error }, 'the end of a minute is told later'))
      }, LOOK_INTERVAL_MS)
    },
    async stop() {
      if (timer) clearInterval(timer)
      await reader.stop()
    },
  }
}
