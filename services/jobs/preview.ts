import { setTimeout as delay } from 'node:timers/promises'
import type { EventSelection, JobPreview } from '#shared/facts/job.ts'
import type { PassedOver } from './passed-over.ts'
import type { RunContext } from './run.ts'
import { readSelectedEvents } from './selected-events.ts'

const BATCH_MAX = 100
/** After each batch others have their turn, for longer than it took: live traffic goes first. */
const PAUSE_MIN_MS = 4
const PAUSE_SHARE = 2
const SUBSCRIPTIONS_SHOWN = 100

/** Counts what a replay would do. @returns null when it was not wanted any more. */
export async function previewReplay(
  context: RunContext,
  selection: EventSelection,
  passedOver: PassedOver,
): Promise<JobPreview | null> {
  const counts = new Map<string, number>()
  let readThroughSeq = selection.fromSeq - 1
  let batchBeganMs = performance.now()
  const preview: JobPreview = {
    count: 0,
    events: 0,
    subscriptions: [],
    subscriptionCount: 0,
    oldestAtMs: null,
    payloadBytes: 0,
  }
  const isRead = await readSelectedEvents(context, selection, {
    passedOver,
    batchMax: BATCH_MAX,
    fromSeq: () => readThroughSeq + 1,
    async onBatch(events) {
      for (const { matchable, deliveries, isChosen, eventSeq } of events) {
        readThroughSeq = eventSeq
        if (!isChosen) continue
        preview.events++
        const count = selection.target === 'nats' ? 1 : deliveries.length
        if (count === 0) continue
        preview.oldestAtMs ??= matchable.event.receivedAtMs
        preview.count += count
        preview.payloadBytes += count * matchable.payload.length
        for (const { subscriptionId } of deliveries) counts.set(subscriptionId, (counts.get(subscriptionId) ?? 0) + 1)
      }
      await delay(Math.max(PAUSE_MIN_MS, PAUSE_SHARE * (performance.now() - batchBeganMs)))
      batchBeganMs = performance.now()
    },
  })
  if (!isRead) return null
  const largestFirst = [...counts].toSorted(([, a], [, b]) => b - a)
  return {
    ...preview,
    subscriptions: largestFirst
      .slice(0, SUBSCRIPTIONS_SHOWN)
      .map(([subscriptionId, count]) => ({ subscriptionId, count })),
    subscriptionCount: counts.size,
  }
}
