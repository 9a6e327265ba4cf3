import { deliveryMessage } from '#shared/domain/delivery-message.ts'
import { laneOf } from '#shared/domain/ids.ts'
import { redriveDelivery } from '#shared/domain/redrive.ts'
import type { DeadLetterSelection } from '#shared/facts/job.ts'
import type { DeadLettersDiscarded, DeadLettersRedriven, DeliveryCreated } from '#shared/facts/ledger.ts'
import { letNextOneGo } from '#shared/runtime/let-next-one-go.ts'
import type { ChosenLetter } from './chosen-letters.ts'
import type { DeskEntry } from './dead-letter-desk.ts'
import { BATCH_MAX, type RunContext, sentMax, startTurns, type Turns } from './run.ts'

/** What is done with some of the chosen dead letters. */
type Deal = (letters: readonly ChosenLetter[], turns: Turns) => Promise<{ done: number; refused: readonly string[] }>

/** @returns false when it was paused or cancelled before all chosen ones were dealt with. */
export async function runRedrive(context: RunContext, selection: DeadLetterSelection): Promise<boolean> {
  return dealWithAll(context, selection, {
    batchMax: sentMax(context.job),
    deal: (letters, turns) => redrive(context, letters, turns),
  })
}

export async function runDiscard(context: RunContext, selection: DeadLetterSelection): Promise<boolean> {
  return dealWithAll(context, selection, { batchMax: BATCH_MAX, deal: (letters) => discard(context, letters) })
}

async function dealWithAll(
  context: RunContext,
  selection: DeadLetterSelection,
  { deal, batchMax }: { deal: Deal; batchMax: number },
): Promise<boolean> {
  const turns = await startTurns(context, batchMax)
  try {
    return await dealInTurns(context, selection, { deal, turns })
  } finally {
    await turns.end()
  }
}

async function dealInTurns(
  { job, progress, desk, chosenLetters }: RunContext,
  selection: DeadLetterSelection,
  { deal, turns }: { deal: Deal; turns: Turns },
): Promise<boolean> {
  await desk.catchUp()
  progress.update({ done: desk.countOf(job.jobId) })
  while (true) {
    const page = await chosenLetters.page(job.applicationId, selection, progress.now.position, BATCH_MAX)
    if (page.length === 0) return true
    for (let rest = page; rest.length > 0; ) {
      const count = await turns.next()
      if (count === 0) return false
      const letters = rest.slice(0, count)
      rest = rest.slice(count)
      const { done, refused } = await deal(letters, turns)
      turns.spend(done)
      const { ledgerSeq, deliveryId } = letters.at(-1)!
      progress.update({
        position: { seq: ledgerSeq, deliveryId },
        done: desk.countOf(job.jobId),
        refused: countIn(progress.now.refused, refused),
      })
      await progress.saveIfDue()
    }
  }
}

function countIn(before: Record<string, number>, reasons: readonly string[]): Record<string, number> {
  const counts = { ...before }
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1
  return counts
}

async function redrive(
  { nats, job, registry, eventCache, desk, config, clock }: RunContext,
  letters: readonly ChosenLetter[],
  turns: Turns,
): ReturnType<Deal> {
  const made: { deliveryId: string; delivery: DeliveryCreated }[] = []
  const refused: string[] = []
  const nowMs = clock.nowMs()
  const events = await Promise.all(letters.map(({ eventSeq }) => eventCache.get(eventSeq)))
  for (const [i, letter] of letters.entries()) {
    const delivery = redriveDelivery(letter, { registry, event: events[i]!, jobId: job.jobId, nowMs })
    if (typeof delivery === 'string') refused.push(delivery)
    else made.push({ deliveryId: letter.deliveryId, delivery })
  }
  turns.send(made.map(({ delivery }) => delivery))
  const resolved = await desk.resolve(job.jobId, made, (open): DeskEntry => {
    const fact: DeadLettersRedriven = {
      v: 1,
      type: 'redriven',
      jobId: job.jobId,
      applicationId: job.applicationId,
      deliveryIds: open.map(({ deliveryId }) => deliveryId),
      controlSeq: registry.seq,
      redrivenAtMs: nowMs,
      redrivenBy: job.changedBy,
    }
    return {
      messages: open.map(({ delivery }) => deliveryMessage(delivery, config.laneCount)),
      closing: JSON.stringify(fact),
    }
  })
  await letNextOnesGo(
    letters.filter(({ deliveryId }) => desk.resolvedBy(deliveryId) === job.jobId),
    { nats, registry, config },
  )
  const notSent = made.filter((each) => !resolved.includes(each))
  turns.takeBack(notSent.map(({ delivery }) => delivery))
  return { done: resolved.length, refused: [...refused, ...dealtWithByOthers(notSent, { job, desk })] }
}

async function discard(
  { nats, job, registry, desk, config, clock }: RunContext,
  letters: readonly ChosenLetter[],
): ReturnType<Deal> {
  const resolved = await desk.resolve(job.jobId, letters, (open): DeskEntry => {
    const fact: DeadLettersDiscarded = {
      v: 1,
      type: 'discarded',
      jobId: job.jobId,
      applicationId: job.applicationId,
      deliveryIds: open.map(({ deliveryId }) => deliveryId),
      reason: job.reason ?? '',
      discardedAtMs: clock.nowMs(),
      discardedBy: job.changedBy,
    }
    return { messages: [], closing: JSON.stringify(fact) }
  })
  await letNextOnesGo(letters, { nats, registry, config })
  return { done: resolved.length, refused: dealtWithByOthers(letters, { job, desk }) }
}

/** Not by this job in an earlier run, whose progress was not written any more. */
function dealtWithByOthers(
  letters: readonly { deliveryId: string }[],
  { job, desk }: Pick<RunContext, 'job' | 'desk'>,
): string[] {
  return letters.flatMap(({ deliveryId }) => (desk.resolvedBy(deliveryId) === job.jobId ? [] : ['resolved_elsewhere']))
}

/** Whoever waits behind one of them in an order, as when it is skipped: the lane's owner looks for what others have let go. */
async function letNextOnesGo(
  letters: readonly ChosenLetter[],
  { nats, registry, config }: Pick<RunContext, 'nats' | 'registry' | 'config'>,
): Promise<void> {
  for (const { subscriptionId, deliveryId } of letters) {
    if ((registry.subscriptions.get(subscriptionId)?.state.ordering ?? null) === null) continue
    await letNextOneGo(nats, { lane: laneOf(subscriptionId, config.laneCount), subscriptionId, deliveryId })
  }
}
