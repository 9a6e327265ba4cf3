import type { Registry } from '#shared/domain/registry.ts'
import type { Decision } from '#shared/facts/ledger.ts'
import { WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { Settlement } from './held-items.ts'
import type { Lot, Parking } from './parking.ts'
import type { WorkItem } from './work-item.ts'

/** Deliveries that must be made one after the other: those of one order key of one subscription. */
interface Chain {
  readonly lot: Lot
  /** The delivery whose end the others wait for. */
  head: { deliveryId: string; controlSeq: number } | null
  /** It stands in WAITING that they wait for it. */
  isHeadNoted: boolean
}

/** The order of ordered subscriptions: which delivery is next, and what waits for it. */
export interface Chains {
  /** Finds what earlier owners of the lane have noted. @returns The subscriptions that it is of. */
  open(lane: number): Promise<string[]>
  close(lane: number): void
  /** An ordered item, in the order of LEDGER, or read back. */
  add(item: WorkItem): void
  /** An item has left our hands. */
  onSettled(item: WorkItem, settlement: Settlement): void
  /** Before the outcome of an attempt is recorded after which its delivery goes on, or blocks others. */
  onFailed(item: WorkItem, decision: Decision): Promise<void>
  /** What must be done before the message of an item with this outcome is acknowledged; null: nothing. */
  beforeSettled(item: WorkItem, settlement: Settlement): Promise<void> | null
  hasMore(lane: number, subscriptionId: string): boolean
  /** Lets those go on that wait for nothing. */
  advance(lane: number, subscriptionId: string): void
  /** Looks for heads that others have let go: by skipping or cancelling them. */
  lookForReleased(): Promise<void>
}

export interface ChainsOptions {
  nats: Nats
  registry: Registry
  waiting: Appender
  parking: Parking
  logger: Logger
  /** Its lane is still ours; otherwise it is let go. */
  isOurs(item: WorkItem): boolean
  /** All that must be known before one is decided upon; in order. */
  whenReady(items: readonly WorkItem[]): Promise<void>
  /** It is this one's turn. @returns false when it can't be made now and should be parked. */
  onTurn(item: WorkItem): boolean
  /** It is dealt with already, or was called off. @returns true when it needs no turn. */
  isOver(item: WorkItem): boolean
  /** It is recorded, and its delivery goes on with a retry that is not. */
  isGoingOn(item: WorkItem): boolean
  onParked(item: WorkItem): void
  onTrouble(item: WorkItem, error: unknown): void
  /** It was read back. */
  onReadBack(item: WorkItem): void
  /** It is a dead letter that those behind it must wait for. */
  isBlocking(item: WorkItem): boolean
}

const BATCH_MAX = 500
const READS_AT_ONCE = 64

export function createChains(options: ChainsOptions): Chains {
  const { nats, registry, waiting, parking, logger } = options
  const lanes = new Map<number, Map<string, Chain>>()
  /** Items that have come and are not decided upon, by lane: one round at a time. */
  const arrivals = new Map<number, WorkItem[]>()

  const nameOf = (subscriptionId: string, orderKey: string) => `${subscriptionId}/${orderKey}`
  const chainOfItem = ({ lane, attempt }: WorkItem) =>
    lanes.get(lane)?.get(nameOf(attempt.subscriptionId, attempt.orderKey!))

  function chainOf(lane: number, subscriptionId: string, orderKey: string): Chain {
    const ofLane = lanes.get(lane) ?? new Map<string, Chain>()
    lanes.set(lane, ofLane)
    const name = nameOf(subscriptionId, orderKey)
    const known = ofLane.get(name)
    if (known) return known
    const chain = { lot: parking.lotOf(lane, subscriptionId, orderKey), head: null, isHeadNoted: false }
    ofLane.set(name, chain)
    return chain
  }

  // -- heads -----------------------------------------------------------------------------------------------------------

  async function notedHeads(lane: number): Promise<string[][]> {
    const filter = WAITING_SUBJECTS.head(lane, '*', '*', '*')
    const { state } = await nats.ask(() => nats.jsm.streams.info(STREAM_NAMES.waiting, { subjects_filter: filter }))
    return Object.keys(state.subjects ?? {}).map((subject) => subject.split('.').slice(3))
  }

  async function open(lane: number): Promise<string[]> {
    lanes.set(lane, new Map())
    const subscriptions = new Set<string>()
    for (const [subscriptionId, orderKey, deliveryId] of await notedHeads(lane)) {
      const chain = chainOf(lane, subscriptionId!, orderKey!)
      chain.head = { deliveryId: deliveryId!, controlSeq: Number.POSITIVE_INFINITY }
      chain.isHeadNoted = true
      subscriptions.add(subscriptionId!)
    }
    return [...subscriptions]
  }

  async function noteHead(chain: Chain): Promise<void> {
    const { lane, subscriptionId, orderKey } = chain.lot
    const subject = WAITING_SUBJECTS.head(lane, subscriptionId, orderKey, chain.head!.deliveryId)
    await waiting.append({ subject, body: '{"v":1}' })
    chain.isHeadNoted = true
  }

  async function forgetHead({ lot, head }: Chain): Promise<void> {
    const filter = WAITING_SUBJECTS.head(lot.lane, lot.subscriptionId, lot.orderKey, head!.deliveryId)
    await nats.jsm.streams.purge(STREAM_NAMES.waiting, { filter })
  }

  const isHead = (chain: Chain | undefined, { attempt }: WorkItem): chain is Chain =>
    chain?.head?.deliveryId === attempt.deliveryId

  /** Who is next may be decided anew. */
  function free(chain: Chain): void {
    chain.head = null
    chain.isHeadNoted = false
    if (chain.lot.hasMore) void readNext(chain)
    else lanes.get(chain.lot.lane)?.delete(nameOf(chain.lot.subscriptionId, chain.lot.orderKey))
  }

  // -- arrivals --------------------------------------------------------------------------------------------------------

  function add(item: WorkItem): void {
    const waitingOnes = arrivals.get(item.lane)
    if (waitingOnes) {
      waitingOnes.push(item)
      return
    }
    arrivals.set(item.lane, [item])
    void decideAll(item.lane)
  }

  async function decideAll(lane: number): Promise<void> {
    while (arrivals.get(lane)!.length > 0) {
      const items = arrivals.get(lane)!.splice(0, BATCH_MAX)
      try {
        await options.whenReady(items)
        await decide(items.filter(options.isOurs))
      } catch (error) {
        for (const item of items) options.onTrouble(item, error)
      }
    }
    arrivals.delete(lane)
  }

  async function decide(items: readonly WorkItem[]): Promise<void> {
    const toPark = new Map<Lot, WorkItem[]>()
    for (const item of items) {
      const chain = chainOf(item.lane, item.attempt.subscriptionId, item.attempt.orderKey!)
      dropCancelledHead(chain)
      const { deliveryId, controlSeq } = item.attempt
      // Whoever had the lane before has recorded it, but could not note that the others have to wait.
      if (chain.head === null && options.isGoingOn(item)) chain.head = { deliveryId, controlSeq }
      if (options.isOver(item)) continue
      if (isTurnOf(item, chain)) continue
      if (item.source !== 'parked') toPark.set(chain.lot, [...(toPark.get(chain.lot) ?? []), item])
      // It was read back for a turn that another one has got: it is read back again later.
      else item.message.nak(READ_AGAIN_MS)
      chain.lot.hasMore = true
    }
    for (const [lot, ofLot] of toPark) {
      await parking.park(
        lot,
        ofLot.map(({ attempt }) => attempt),
      )
      for (const item of ofLot) options.onParked(item)
    }
  }

  function isTurnOf(item: WorkItem, chain: Chain): boolean {
    const mayBegin = chain.head === null && (item.source === 'parked' || !chain.lot.hasMore)
    if (!mayBegin && !isHead(chain, item)) return false
    const { deliveryId, controlSeq } = item.attempt
    const before = chain.head
    chain.head = { deliveryId, controlSeq }
    if (options.onTurn(item)) return true
    chain.head = before
    return false
  }

  /** Its retry may come much later, only to be dropped. */
  function dropCancelledHead(chain: Chain): void {
    const cancelledBeforeSeq = registry.subscriptions.get(chain.lot.subscriptionId)?.cancelledBeforeSeq ?? 0
    if (chain.head === null || chain.head.controlSeq >= cancelledBeforeSeq || !chain.isHeadNoted) return
    forgetHead(chain).catch((error: unknown) => logger.warn({ err: error }, 'the head of a series is still noted'))
    chain.head = null
    chain.isHeadNoted = false
  }

  async function readNext(chain: Chain): Promise<void> {
    if (chain.head !== null) return
    try {
      const [next] = await parking.read(chain.lot, 1)
      if (next !== undefined) options.onReadBack(next)
      else if (!chain.lot.hasMore && chain.head === null) free(chain)
    } catch (error) {
      logger.warn({ err: error }, 'the next one of a series could not be read')
    }
  }

  function advance(lane: number, subscriptionId: string): void {
    let count = 0
    for (const chain of lanes.get(lane)?.values() ?? []) {
      if (chain.lot.subscriptionId !== subscriptionId || chain.head !== null || !chain.lot.hasMore) continue
      void readNext(chain)
      if (++count === READS_AT_ONCE) return
    }
  }

  async function lookForReleased(): Promise<void> {
    for (const [lane, chains] of lanes) {
      const noted = new Map<Chain, string>()
      for (const chain of chains.values()) if (chain.isHeadNoted) noted.set(chain, chain.head!.deliveryId)
      if (noted.size === 0) continue
      const still = new Set((await notedHeads(lane)).map((tokens) => tokens.at(-1)))
      for (const [chain, deliveryId] of noted) {
        const isSame = chain.isHeadNoted && chain.head?.deliveryId === deliveryId
        if (isSame && !still.has(deliveryId)) free(chain)
      }
    }
  }

  return {
    open,
    close(lane) {
      lanes.delete(lane)
    },
    add,
    onSettled(item, settlement) {
      const chain = chainOfItem(item)
      // It was read back to no purpose: it had ended, or was called off.
      if (chain?.head === null && chain.lot.hasMore && item.source === 'parked') void readNext(chain)
      // A retry, or the same attempt once more, is still its turn.
      if (settlement === 'retried' || settlement === 'given back' || !isHead(chain, item)) return
      if (settlement === 'parked') {
        if (!chain.isHeadNoted) chain.head = null
        return
      }
      if (!options.isBlocking(item)) free(chain)
    },
    async onFailed(item, decision) {
      const chain = chainOfItem(item)
      if (!isHead(chain, item) || chain.isHeadNoted) return
      const ordering = registry.subscriptions.get(item.attempt.subscriptionId)?.state.ordering
      const isBlocking = decision.type === 'dead-letter' && ordering?.onDeadLetter === 'block'
      if (decision.type === 'retry' || isBlocking) await noteHead(chain)
    },
    beforeSettled(item, settlement) {
      const chain = chainOfItem(item)
      if (!isHead(chain, item) || settlement === 'parked') return null
      // Another has recorded it, who had the lane before.
      if (settlement === 'retried') return chain.isHeadNoted ? null : noteHead(chain)
      if (!chain.isHeadNoted || options.isBlocking(item)) return null
      return forgetHead(chain).then(() => {
        chain.isHeadNoted = false
      })
    },
    hasMore(lane, subscriptionId) {
      for (const { lot, head } of lanes.get(lane)?.values() ?? [])
        if (lot.subscriptionId === subscriptionId && lot.hasMore && head === null) return true
      return false
    },
    advance,
    lookForReleased,
  }
}

const READ_AGAIN_MS = 50
