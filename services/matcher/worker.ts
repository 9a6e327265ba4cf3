import type { JsMsg } from '@nats-io/jetstream'
import { laneOf } from '#shared/domain/ids.ts'
import { matchEvent } from '#shared/domain/match.ts'
import type { Registry } from '#shared/domain/registry.ts'
import { decodeEvent } from '#shared/facts/event.ts'
import { decodeLedgerFact, type EventsMatched } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import type { EventCache } from '#shared/runtime/event-cache.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { createStreamReader } from '#shared/runtime/stream-reader.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { MatcherConfig } from './config.ts'
import { groupMatches, type MatchedEvent, type MatchedGroup, withoutMatchedPart } from './group.ts'

export interface MatcherDependencies {
  nats: Nats
  registry: Registry
  controlReader: ControlReader
  ledger: Appender
  /** Filled with what was read: a deliverer in the same process needs it next. */
  eventCache: EventCache
  config: MatcherConfig
  clock: Clock
  logger: Logger
}

const BATCH_MAX = 500
const GROUP_MAX = 1_000
const CONTROL_WAIT_MS = 5_000

/**
 * Reads EVENTS in order and appends what follows to LEDGER. Where it stands is written in LEDGER itself, in the same
 * atomic batch as the deliveries, and only on the condition that nobody has moved it meanwhile: a restart at any point
 * repeats nothing and skips nothing, and a second matcher does no harm.
 */
export function createMatcher(deps: MatcherDependencies): Service {
  const { nats, registry, controlReader, ledger, eventCache, config, clock, logger } = deps
  let matchedSeq = 0
  let lastMatched: EventsMatched | null = null

  const reader = createStreamReader({
    nats,
    logger,
    stream: STREAM_NAMES.events,
    fromSeq: async () => {
      await readCheckpoint()
      return (lastMatched?.toEventSeq ?? 0) + 1
    },
    batchMax: BATCH_MAX,
    onBatch,
  })

  async function readCheckpoint(): Promise<void> {
    const last = await nats.jsm.streams.getMessage(STREAM_NAMES.ledger, { last_by_subj: LEDGER_SUBJECTS.matched })
    matchedSeq = last?.seq ?? 0
    lastMatched = last === null ? null : (decodeLedgerFact(last.string()) as EventsMatched)
  }

  /** A subscription that was made before an event was posted is seen, whichever gateway it went through. */
  async function catchUpWithControl(): Promise<void> {
    const { lastSeq } = await readStreamState(nats.jsm, STREAM_NAMES.control)
    while (!(await controlReader.waitFor(lastSeq, CONTROL_WAIT_MS))) {
      logger.warn({ lastSeq, seq: registry.seq }, 'matching waits for CONTROL')
    }
  }

  async function onBatch(messages: JsMsg[]): Promise<void> {
    await catchUpWithControl()
    const events = messages.map(matchMessage)
    for (const group of groupMatches(events, { controlSeq: registry.seq, nowMs: clock.nowMs(), groupMax: GROUP_MAX })) {
      await appendGroup(group)
    }
  }

  function matchMessage(message: JsMsg): MatchedEvent {
    const { seq, data } = message
    const decoded = decodeEvent(data)
    eventCache.put(seq, decoded)
    return withoutMatchedPart(
      { eventSeq: seq, deliveries: matchEvent(decoded.event, seq, registry) },
      lastMatched?.partOf,
    )
  }

  async function appendGroup({ deliveries, matched }: MatchedGroup): Promise<void> {
    const messages = deliveries.map((delivery) => ({
      subject: LEDGER_SUBJECTS.delivery(laneOf(delivery.subscriptionId, config.laneCount)),
      body: JSON.stringify(delivery),
    }))
    const closing = {
      subject: LEDGER_SUBJECTS.matched,
      body: JSON.stringify(matched),
      expectLastSubjectSeq: matchedSeq,
    }
    const { seq } = await ledger.appendGroup([...messages, closing])
    matchedSeq = seq
    lastMatched = matched
  }

  return {
    name: 'matcher',
    async start() {
      reader.start()
    },
    stop: () => reader.stop(),
  }
}
