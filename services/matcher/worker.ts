import { deliveryMessage } from '#shared/domain/delivery-message.ts'
import { matchEvent } from '#shared/domain/match.ts'
import type { Registry } from '#shared/domain/registry.ts'
import { decodeEvent } from '#shared/facts/event.ts'
import { decodeLedgerFact, type EventsMatched, type PostponedEvent } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS, WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import type { PostponedDue } from '#shared/facts/waiting.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import type { EventCache } from '#shared/runtime/event-cache.ts'
import type { Health } from '#shared/runtime/health.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import { type Metrics, NO_METRICS } from '#shared/runtime/metrics.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import type { StreamMessage } from '#shared/runtime/own-appends.ts'
import { createStreamReader } from '#shared/runtime/stream-reader.ts'
import { readLastOf, readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { NO_TRACING, type Tracing } from '#shared/runtime/tracing.ts'
import type { MatcherConfig } from './config.ts'
import { catchUpWithControl } from './control.ts'
import { createMatchFigures } from './figures.ts'
import { groupMatches, type MatchedEvent, type MatchedGroup, withoutMatchedPart } from './group.ts'
import { createMatchTraces, type MatchTraces } from './match-traces.ts'
import { createReleaser } from './release.ts'

export interface MatcherDependencies {
  nats: Nats
  registry: Registry
  controlReader: ControlReader
  ledger: Appender
  waiting: Appender
  /** Filled with what was read: a deliverer in the same process needs it next. */
  eventCache: EventCache
  config: MatcherConfig
  clock: Clock
  logger: Logger
  /** Absent: nobody asks. */
  health?: Health
  /** Left out: nothing is counted. */
  metrics?: Metrics
  /** Left out: nothing is traced. */
  tracing?: Tracing
}

const BATCH_MAX = 500
const GROUP_MAX = 1_000
/** A group costs nats-server about 2 ms of CPU whatever its size: at half load, when few events come at a time, that is most of it. */
const GATHER_MS = 10
/** So few deliveries come where there is no load of live events: larger batches are not worth waiting for then. */
const URGENT_MAX = 8
/**
 * Reads EVENTS in order and appends what follows to LEDGER. Where it stands is written in LEDGER itself, in the same
 * atomic batch as the deliveries, and only on the condition that nobody has moved it meanwhile: a restart at any point
 * repeats nothing and skips nothing, and a second matcher does no harm.
 */
export function createMatcher(deps: MatcherDependencies): Service {
  const {
    nats,
    registry,
    ledger,
    waiting,
    eventCache,
    config,
    clock,
    logger,
    metrics = NO_METRICS,
    tracing = NO_TRACING,
  } = deps
  const figures = createMatchFigures(metrics)
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
    gatherMs: GATHER_MS,
    isOwnTakenFromMemory: true,
    onBatch,
  })

  async function readCheckpoint(): Promise<void> {
    const last = await readLastOf(nats, STREAM_NAMES.ledger, LEDGER_SUBJECTS.matched)
    matchedSeq = last?.seq ?? 0
    lastMatched = last === null ? null : (decodeLedgerFact(last.string()) as EventsMatched)
  }

  async function onBatch(messages: StreamMessage[]): Promise<void> {
    await catchUpWithControl(deps)
    const nowMs = clock.nowMs()
    // What the events are matched with is what the fact says, whatever is read meanwhile.
    const controlSeq = registry.seq
    const traces = createMatchTraces(tracing)
    try {
      await appendMatched(
        messages.map((message) => matchMessage(message, traces)),
        { controlSeq, nowMs },
      )
      traces.end()
    } catch (error) {
      traces.end((error as Error).name)
      throw error
    }
  }

  async function appendMatched(events: MatchedEvent[], when: { controlSeq: number; nowMs: number }): Promise<void> {
    // The schedule comes first: a crash in between leaves one that is made again, under the same subject and id.
    await Promise.all(events.flatMap(({ postponed }) => (postponed ? [schedule(postponed)] : [])))
    for (const group of groupMatches(events, { ...when, groupMax: GROUP_MAX })) {
      await appendGroup(group)
    }
  }

  function matchMessage(message: StreamMessage, traces: MatchTraces): MatchedEvent {
    const { seq, data } = message
    const decoded = decodeEvent(data)
    traces.begin(decoded.event)
    const { eventId, applicationId, deliverAtMs, receivedAtMs } = decoded.event
    // Not by the time of now: whoever matches it, and however late, must come to the same, as its schedule may be there.
    if (deliverAtMs !== undefined && deliverAtMs > receivedAtMs)
      return { eventSeq: seq, deliveries: [], postponed: { eventSeq: seq, eventId, applicationId, deliverAtMs } }
    eventCache.put(seq, decoded)
    const deliveries = matchEvent(decoded, seq, registry)
    traces.matched(deliveries.length)
    return withoutMatchedPart({ eventSeq: seq, deliveries }, lastMatched?.partOf)
  }

  async function schedule({ eventSeq, eventId, applicationId, deliverAtMs }: PostponedEvent): Promise<void> {
    const due: PostponedDue = { v: 1, type: 'postponed', eventId, eventSeq, applicationId, dueAtMs: deliverAtMs }
    await waiting.append({
      subject: WAITING_SUBJECTS.postponed(applicationId, eventId),
      body: JSON.stringify(due),
      msgId: `postponed:${eventSeq}`,
      headers: {
        'Nats-Schedule': `@at ${new Date(deliverAtMs).toISOString()}`,
        'Nats-Schedule-Target': WAITING_SUBJECTS.postponedDue,
      },
    })
  }

  async function appendGroup({ deliveries, matched }: MatchedGroup): Promise<void> {
    const messages = deliveries.map((delivery) => deliveryMessage(delivery, config.laneCount))
    const closing = {
      subject: LEDGER_SUBJECTS.matched,
      body: JSON.stringify(matched),
      expectLastSubjectSeq: matchedSeq,
    }
    // A few events beside much else in LEDGER, such as a replay: that can wait, they should not.
    const isUrgent = messages.length <= URGENT_MAX
    const { seq } = await ledger.appendGroup([...messages, closing], { isUrgent })
    matchedSeq = seq
    lastMatched = matched
    figures.matched(matched, deliveries.length)
  }

  figures.registerLag(async () => {
    const { lastSeq } = await readStreamState(nats, STREAM_NAMES.events)
    return lastMatched === null ? lastSeq : Math.max(0, lastSeq - lastMatched.toEventSeq)
  })
  const releaser = createReleaser({ ...deps, figures, tracing })
  deps.health?.register('matcher', reader.state)
  return {
    name: 'matcher',
    async start() {
      reader.start()
      releaser.start()
    },
    async stop() {
      await Promise.all([reader.stop(), releaser.stop()])
    },
  }
}
