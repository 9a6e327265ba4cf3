import { setTimeout as delay } from 'node:timers/promises'
import type { EventAccepted } from '#shared/facts/event.ts'
import type { EventSelection, JobState } from '#shared/facts/job.ts'
import { type DeliveryCreated, decodeLedgerFact, type EventsMatched } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import { readLastOf, readStored, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { readStretch } from './read-stretch.ts'
import type { RunContext } from './run.ts'

/** What a replay leaves alone, though it matches. */
export interface PassedOver {
  /** The event was withdrawn before its time. */
  isWithdrawn(event: EventAccepted): boolean
  /** The replay is only about what was never delivered, and a delivery was made. */
  isDelivered(delivery: DeliveryCreated): boolean
}

type Needs = Pick<RunContext, 'nats' | 'logger' | 'isWanted'>

const BATCH_MAX = 1_000
const POLL_MS = 20
/** Facts about an event may stand in LEDGER a little before its own time: two clocks differ. */
const CLOCK_SLACK_MS = 60_000

/** Reads in LEDGER what the selection must pass over. @returns null when the job is not wanted any more. */
export async function readPassedOver(
  needs: Needs,
  { applicationId }: JobState,
  selection: EventSelection,
): Promise<PassedOver | null> {
  if (!(await waitUntilMatched(needs, selection.throughSeq))) return null
  const startTime = await timeOfFirst(needs, selection)
  const withdrawn = new Set<string>()
  const delivered = new Map<string, Set<number>>()
  const subjects: string[] = [LEDGER_SUBJECTS.postponed]
  if (selection.isOnlyUndelivered) subjects.push('ledger.delivery.*')
  let readThroughSeq = 0
  const isRead = await readStretch({
    ...needs,
    stream: STREAM_NAMES.ledger,
    filterSubjects: subjects,
    fromSeq: () => readThroughSeq + 1,
    startTime,
    throughSeq: Number.MAX_SAFE_INTEGER,
    batchMax: BATCH_MAX,
    onBatch: async (messages) => {
      for (const message of messages) {
        readThroughSeq = message.seq
        const fact = decodeLedgerFact(message.string())
        if (fact.type === 'withdrawn') withdrawn.add(fact.eventId)
        if (fact.type === 'delivery' && fact.applicationId === applicationId) noteDelivered(fact)
      }
      return false
    },
  })
  if (!isRead) return null

  function noteDelivered({ subscriptionId, eventSeq }: DeliveryCreated): void {
    if (eventSeq < selection.fromSeq || eventSeq > selection.throughSeq) return
    const ofSubscription = delivered.get(subscriptionId) ?? new Set<number>()
    delivered.set(subscriptionId, ofSubscription)
    ofSubscription.add(eventSeq)
  }

  return {
    isWithdrawn: ({ eventId }) => withdrawn.has(eventId),
    isDelivered: ({ subscriptionId, eventSeq }) => delivered.get(subscriptionId)?.has(eventSeq) ?? false,
  }
}

/** What is not matched yet looks as if it had not been delivered. */
async function waitUntilMatched({ nats, isWanted }: Needs, throughSeq: number): Promise<boolean> {
  while (isWanted()) {
    const last = await readLastOf(nats, STREAM_NAMES.ledger, LEDGER_SUBJECTS.matched)
    const fact = last === null ? null : (decodeLedgerFact(last.string()) as EventsMatched)
    if ((fact?.toEventSeq ?? 0) >= throughSeq) return true
    await delay(POLL_MS)
  }
  return false
}

/** Facts about the selected events come after this; null: from the beginning. */
async function timeOfFirst({ nats }: Needs, { fromSeq, receivedFromMs }: EventSelection): Promise<Date | null> {
  const first = await readStored(nats, STREAM_NAMES.events, fromSeq)
  const sinceMs = Math.max(first?.time.getTime() ?? 0, receivedFromMs ?? 0)
  return sinceMs === 0 ? null : new Date(sinceMs - CLOCK_SLACK_MS)
}
