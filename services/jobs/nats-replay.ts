import { setTimeout as delay } from 'node:timers/promises'
import { createHandOver } from '#shared/domain/hand-over.ts'
import { createPace } from '#shared/domain/pace.ts'
import type { EventSelection } from '#shared/facts/job.ts'
import { REPLAY_SUBJECTS } from '#shared/facts/subjects.ts'
import { endHeaders, type OutgoingEvent, outgoingEvent } from './outgoing-event.ts'
import { readPassedOver } from './passed-over.ts'
import { previewReplay } from './preview.ts'
import { JobLostError } from './progress.ts'
import { StretchEnded } from './read-stretch.ts'
import { type RunContext, type RunEnd, sentMax } from './run.ts'
import { readSelectedEvents, type SelectedEvent } from './selected-events.ts'

/** What is read ahead of the client; events may be large. */
const READ_MAX = 32
const ASK_AGAIN_MS = 10
const TICK_MS = 100
/** Answers that are under way when a run ends are waited for so long. */
const LAST_ANSWERS_MS = 500
/** Nobody has taken anything for so long: the job has failed. */
const GIVE_UP_AFTER_MS = 24 * 60 * 60 * 1_000
const NO_RESPONDERS = 503

/**
 * Hands the events of a selection to the application's NATS client, each of which it answers; nothing is kept for it but the
 * place of the last one that it has taken. Who doesn't answer is let wait, so that others have their turn.
 */
export async function runNatsReplay(context: RunContext, selection: EventSelection): Promise<RunEnd> {
  const { job, progress } = context
  const passedOver = await readPassedOver(context, job, selection)
  if (passedOver === null) return 'stopped'
  if (progress.now.preview === null) {
    const preview = await previewReplay(context, selection, passedOver)
    if (preview === null) return 'stopped'
    progress.update({ preview })
    await progress.save()
  }
  if (job.wanted !== 'run') return 'stopped'
  const client = openClient(context, selection)
  try {
    const isRead = await readSelectedEvents({ ...context, isWanted: client.isWanted }, selection, {
      passedOver,
      batchMax: READ_MAX,
      fromSeq: () => client.readThroughSeq() + 1,
      async onBatch(events) {
        for (const event of events) if (!(await client.handOver(event))) return
      },
    })
    if (isRead && (await client.takesAll())) {
      client.sayEnd()
      return 'ended'
    }
    return client.isForsaken() ? whenForsaken(context) : 'stopped'
  } finally {
    await client.close()
  }
}

/** The job waits for its client, but not for ever. */
function whenForsaken({ job, progress, clock }: RunContext): RunEnd {
  const waitingSinceMs = Math.max(progress.now.takenAtMs ?? 0, job.changedAtMs)
  if (clock.nowMs() - waitingSinceMs < GIVE_UP_AFTER_MS) return 'waits'
  progress.update({ error: 'No NATS client has taken any of its events for 24 hours.' })
  return 'ended'
}

/** @throws {StretchEnded} when another runner has the job. */
async function saveProgress({ progress }: RunContext): Promise<void> {
  try {
    await progress.saveIfDue()
  } catch (error) {
    throw error instanceof JobLostError ? new StretchEnded(error.message) : error
  }
}

/** The place in EVENTS that an answer names; what names none is as 0: the client is there. */
function seqOf(subject: string): number {
  const seq = Number(subject.split('.').at(-1))
  return Number.isSafeInteger(seq) && seq >= 0 ? seq : 0
}

/** The application's client, as far as it is known here: by what it answers. */
function openClient(context: RunContext, selection: EventSelection) {
  const { nats, job, progress, clock } = context
  const { connection } = nats
  const handOver = createHandOver<OutgoingEvent>()
  const outSubject = REPLAY_SUBJECTS.out(job.applicationId, job.jobId)
  const pace = createPace(job.ratePerSecond, { stepMax: sentMax(job), nowMs: performance.now() })
  let throughSeq = Math.max(progress.now.position.seq, selection.fromSeq - 1)

  let isClosing = false

  const send = (events: readonly OutgoingEvent[]) => {
    if (isClosing) return
    for (const { data, headers, replyTo } of events) connection.publish(outSubject, data, { headers, reply: replyTo })
  }
  const subscription = connection.subscribe(REPLAY_SUBJECTS.taken(job.applicationId, job.jobId, '*'), {
    callback(error, { subject, headers }) {
      // The server itself says so when nobody listens, as if it were an answer.
      if (error !== null || headers?.code === NO_RESPONDERS) return
      const { takenCount, takenThroughSeq, send: again } = handOver.answer(seqOf(subject), performance.now())
      send(again)
      if (takenCount > 0) note(takenCount, takenThroughSeq)
    },
  })
  const ticking = setInterval(() => send(handOver.tick(performance.now())), TICK_MS)

  function note(takenCount: number, takenThroughSeq: number): void {
    const done = progress.now.done + takenCount
    const seq = handOver.isEmpty() ? throughSeq : takenThroughSeq
    progress.update({ done, position: { seq }, takenAtMs: clock.nowMs() })
  }

  /** Once it is over, it stays so: something may have been left undone by then. */
  let isForsaken = false
  const isWanted = () => {
    isForsaken ||= handOver.isForsaken(performance.now())
    return !isForsaken && context.isWanted()
  }

  /** @returns false when it is not wanted any more. */
  async function waitUntil(isReached: () => boolean): Promise<boolean> {
    while (isWanted()) {
      await saveProgress(context)
      if (isReached()) return true
      await delay(ASK_AGAIN_MS)
    }
    return false
  }

  return {
    isWanted,
    isForsaken: () => isForsaken,
    readThroughSeq: () => throughSeq,
    /** Resolves when it is sent, or passed over; false: it is not wanted any more. */
    async handOver({ matchable, eventSeq, isChosen }: SelectedEvent): Promise<boolean> {
      if (isChosen) {
        const event = outgoingEvent(matchable, job, eventSeq)
        if (event.bytes > (connection.info?.max_payload ?? Number.POSITIVE_INFINITY)) refuse('too large for a message')
        else {
          if (!(await waitUntil(() => handOver.hasRoom() && pace.allowance(performance.now()) > 0))) return false
          pace.spend(1)
          send(handOver.add(event, performance.now()))
        }
      }
      throughSeq = eventSeq
      if (handOver.isEmpty()) progress.update({ position: { seq: throughSeq } })
      return true
    },
    takesAll: () => waitUntil(handOver.isEmpty),
    sayEnd: () => connection.publish(outSubject, '', { headers: endHeaders(job, progress.now.done) }),
    /** Nothing more is sent; what the client has just taken still counts, so that it does not get it again. */
    async close() {
      clearInterval(ticking)
      isClosing = true
      const untilMs = performance.now() + LAST_ANSWERS_MS
      while (!handOver.isEmpty() && performance.now() < untilMs) await delay(ASK_AGAIN_MS)
      subscription.unsubscribe()
    },
  }

  function refuse(reason: string): void {
    const { refused } = progress.now
    progress.update({ refused: { ...refused, [reason]: (refused[reason] ?? 0) + 1 } })
  }
}
