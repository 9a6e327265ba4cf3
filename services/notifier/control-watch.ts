import type { Occurrence } from '#shared/domain/operational-event.ts'
import type { SubscriptionState } from '#shared/facts/control.ts'
import { decodeControlFact } from '#shared/facts/control.ts'
import { createStreamReader } from '#shared/runtime/stream-reader.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import { createPosition } from './position.ts'
import { receiverOccurrences, subscriptionOccurrences, type WatchedState } from './transitions.ts'
import type { NotifierDependencies, Tell, Watch } from './worker.ts'

const BATCH_MAX = 500
const FOLD_WAIT_MS = 5_000

export interface ControlWatchDependencies extends NotifierDependencies {
  tell: Tell
  mailDisabled(state: SubscriptionState): Promise<void>
}

/** Folds subscriptions and their receivers from the beginning, and tells what changes behind the kept position. */
export function watchControl(deps: ControlWatchDependencies): Watch {
  const { nats, logger, control, controlReader, tell, mailDisabled } = deps
  const position = createPosition(nats, control, 'CONTROL')
  let doneSeq = 0
  let states = new Map<string, WatchedState>()

  const reader = createStreamReader({
    nats,
    logger,
    stream: STREAM_NAMES.control,
    filterSubjects: ['control.subscription.*', 'control.receiver.*'],
    batchMax: BATCH_MAX,
    fromSeq: async () => {
      doneSeq = (await position.load()).seq
      states = new Map()
      return 1
    },
    async onBatch(messages) {
      const occurrences: Occurrence[] = []
      const disabled: SubscriptionState[] = []
      for (const message of messages) {
        const fact = decodeControlFact(message.string())
        if (fact.type !== 'subscription' && fact.type !== 'receiver') continue
        const found = evolve(fact, message.seq)
        if (message.seq <= doneSeq) continue
        occurrences.push(...found)
        const isDisabled = found.some(({ type }) => type === 'jethook.subscription.disabled')
        if (isDisabled && fact.type === 'subscription' && fact.disabledBecause !== null) disabled.push(fact)
      }
      const { seq } = messages.at(-1)!
      if (occurrences.length === 0) return
      if (!(await controlReader.waitFor(seq, FOLD_WAIT_MS))) throw new Error('CONTROL is not read up to its facts yet')
      await tell(occurrences)
      await Promise.all(disabled.map(mailDisabled))
      await position.save(seq, 1)
      doneSeq = seq
    },
  })

  function evolve(fact: WatchedState, seq: number): Occurrence[] {
    const key = `${fact.type}:${fact.subscriptionId}`
    const before = states.get(key)
    states.set(key, fact)
    return fact.type === 'subscription'
      ? subscriptionOccurrences(before?.type === 'subscription' ? before : undefined, fact, seq)
      : receiverOccurrences(before?.type === 'receiver' ? before : undefined, fact, seq)
  }

  deps.health?.register('notifier control', reader.state)
  return reader
}
