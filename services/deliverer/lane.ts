import type { JsMsg } from '@nats-io/jetstream'
import { controlSubject, type LaneCheckpoint } from '#shared/facts/control.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import { type LaneSource, laneSources } from '#shared/runtime/lane-sources.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import { createLaneConsumer, type LaneConsumer } from './lane-consumer.ts'
import { advanceLane, type ConsumerPosition, type LaneProgress } from './lane-progress.ts'

/** The two streams that hand a lane's work out. */
export type StreamSource = 'ledger' | 'waiting'

export interface LaneOptions {
  nats: Nats
  logger: Logger
  control: Appender
  lane: number
  checkpoint: LaneCheckpoint | undefined
  unacknowledgedMax: number
  /** The last sequence of LEDGER that is known here. */
  ledgerSeq(): number
  /** What is parked could come again: its attempts stand in LEDGER behind this sequence. */
  parkedAfterLedgerSeq(): number
  isStillOurs(): Promise<boolean>
  onMessage(message: JsMsg, source: StreamSource, isSeenBefore: boolean): void
}

/** A lane that this process serves: where its work comes from, and how far it has come. */
export interface Lane {
  readonly lane: number
  readonly checkpoint: LaneCheckpoint
  /**
   * Has what isn't acknowledged handed out again. What an earlier owner notes after this is of work that comes to us too; what
   * it has noted before can be read when this resolves.
   */
  takeOver(): Promise<void>
  start(): void
  /** Takes no further message. */
  stop(): Promise<void>
  /** Up to which sequence every message of the source is acknowledged; those who ask at once share one look. */
  settledThrough(source: StreamSource): Promise<number>
  writeCheckpoint(): Promise<void>
  /** Its consumers could not be taken up for a while. */
  isInTrouble(): boolean
}

/** Fired retries that are done before they are purged. */
const PURGE_AFTER = 2_000
/** One or two may be a server that restarts. */
const TROUBLE_FROM_FAILURES = 3

export function createLane(options: LaneOptions): Lane {
  const { nats, control, lane } = options
  const sources = laneSources(lane)
  let progress: LaneProgress = {
    checkpoint: options.checkpoint ?? {
      v: 1,
      type: 'lane',
      lane,
      ledgerSeq: 0,
      waitingSeq: 0,
      attemptsAfterLedgerSeq: 0,
    },
    marks: [],
  }
  /** Something has come since the last checkpoint, or was in hand then. */
  let isMoving = true
  let purgedThroughSeq = progress.checkpoint.waitingSeq
  const looking: Record<StreamSource, Promise<ConsumerPosition> | null> = { ledger: null, waiting: null }
  const bySource: Record<StreamSource, LaneConsumer> = {
    ledger: consumerOf('ledger', progress.checkpoint.ledgerSeq),
    waiting: consumerOf('waiting', progress.checkpoint.waitingSeq),
  }
  const consumers = Object.values(bySource)
  /** The server may forget in a crash what it has handed out. */
  const receivedThroughSeq: Record<StreamSource, number> = { ledger: 0, waiting: 0 }

  function consumerOf(source: StreamSource, afterSeq: number): LaneConsumer {
    const { logger, unacknowledgedMax, isStillOurs } = options
    return createLaneConsumer({
      nats,
      logger,
      source: sources[source],
      unacknowledgedMax,
      afterSeq,
      isStillOurs,
      onMessage: (message, isSeenBefore) => receive(message, source, isSeenBefore),
    })
  }

  function receive(message: JsMsg, source: StreamSource, isSeenBefore: boolean): void {
    isMoving = true
    receivedThroughSeq[source] = Math.max(receivedThroughSeq[source], message.seq)
    const { ledgerSeq, waitingSeq } = progress.checkpoint
    // Done long ago: the server has lost its consumer's state.
    if (message.seq <= (source === 'ledger' ? ledgerSeq : waitingSeq)) message.ack()
    else options.onMessage(message, source, isSeenBefore)
  }

  async function settledThrough(source: StreamSource): Promise<number> {
    looking[source] ??= positionOf(source).finally(() => {
      looking[source] = null
    })
    const { ackedThroughSeq } = await looking[source]
    const { ledgerSeq, waitingSeq } = progress.checkpoint
    return Math.max(ackedThroughSeq, source === 'ledger' ? ledgerSeq : waitingSeq)
  }

  async function positionOf(source: StreamSource): Promise<ConsumerPosition> {
    const { stream, consumerName }: LaneSource = sources[source]
    const { ack_floor, delivered } = await nats.ask(() => nats.jsm.consumers.info(stream, consumerName))
    const ownSeq = Math.max(receivedThroughSeq[source], bySource[source].seenThroughSeq())
    return {
      ackedThroughSeq: ack_floor.stream_seq,
      deliveredThroughSeq: Math.max(delivered.stream_seq, ownSeq),
    }
  }

  async function writeCheckpoint(): Promise<void> {
    const isParkedBehind = options.parkedAfterLedgerSeq() < Number.POSITIVE_INFINITY
    if (!isMoving && !isParkedBehind) return
    const before = progress.checkpoint
    isMoving = false
    const ledgerLastSeq = options.ledgerSeq()
    const attemptsBound = options.parkedAfterLedgerSeq()
    const [ledger, waiting] = await Promise.all([positionOf('ledger'), positionOf('waiting')])
    progress = advanceLane(progress, { ledger, waiting, ledgerLastSeq, attemptsBound })
    if (progress.marks.length > 0) isMoving = true
    const { checkpoint } = progress
    if (checkpoint.ledgerSeq === before.ledgerSeq && checkpoint.waitingSeq === before.waitingSeq) return
    await control.append({ subject: controlSubject(checkpoint), body: JSON.stringify(checkpoint) })
    await purgeFired(checkpoint.waitingSeq)
  }

  async function purgeFired(throughSeq: number): Promise<void> {
    if (throughSeq - purgedThroughSeq < PURGE_AFTER) return
    const { filterSubject } = sources.waiting
    await nats.jsm.streams.purge(STREAM_NAMES.waiting, { filter: filterSubject, seq: throughSeq + 1 })
    purgedThroughSeq = throughSeq
  }

  return {
    lane,
    get checkpoint() {
      return progress.checkpoint
    },
    async takeOver() {
      await Promise.all(consumers.map((consumer) => consumer.takeOver()))
    },
    start() {
      for (const consumer of consumers) consumer.start()
    },
    async stop() {
      await Promise.all(consumers.map((consumer) => consumer.stop()))
    },
    settledThrough,
    writeCheckpoint,
    isInTrouble: () => consumers.some((consumer) => consumer.failuresInARow() >= TROUBLE_FROM_FAILURES),
  }
}
