import { setTimeout as delay } from 'node:timers/promises'
import type { Registry } from '#shared/domain/registry.ts'
import { WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import { decodeHeadNote, type HeadNote } from '#shared/facts/waiting.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { readLastOf, STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { Settlement } from './held-items.ts'
import type { Lot, Parking } from './parking.ts'
import type { DueAttempt, Standing, WorkItem } from './work-item.ts'

/** The delivery in front of a chain, for whose end the others wait. It keeps its place in the lot until then. */
interface Head {
  /** As it stands in its place. */
  readonly place: DueAttempt
  /** What WAITING says of it; null: nothing, as no attempt of it is recorded. */
  note: HeadNote | null
  /** The attempt that is being made, or is about to be. */
  attemptId: string | null
}

/** Deliveries that must be made one after the other: those of one order key of one subscription. */
interface Chain {
  lot: Lot
  head: Head | null
}

interface SubscriptionChains {
  byKey: Map<string, Chain>
  /** Those that have no head and something to read. */
  ready: Set<Chain>
}

interface LaneChains {
  bySubscription: Map<string, SubscriptionChains>
  /** What earlier owners have noted of deliveries that have not been read back yet, by subject. */
  notes: Map<string, HeadNote>
}

/** What becomes of a head when one of its items leaves our hands. */
type Fate = 'stays' | 'goes on' | 'blocks' | 'ends'

/**
 * The order of ordered subscriptions. Each delivery is first put behind the others of its order key on disk. The first one
 * there is the one whose turn it is, also for whoever has the lane next: it leaves only when it has ended.
 */
export interface Chains {
  /** Finds what earlier owners of the lane have noted; what they have parked must be known. */
  open(lane: number): Promise<void>
  close(lane: number): void
  /** Lots of the lane have been found. */
  adopt(lane: number): void
  /** An item of an order key, in the order of LEDGER, or one that has come due, or was read back. */
  add(item: WorkItem): void
  /** An attempt of the item is made now. */
  onBegin(item: WorkItem): void
  /** What must be done before the message of an item with this outcome is acknowledged; null: nothing. */
  beforeSettled(item: WorkItem, settlement: Settlement): Promise<void> | null
  /** An item has left our hands. */
  onSettled(item: WorkItem, settlement: Settlement): void
  /** Something waits that could be read. */
  hasMore(lane: number, subscriptionId: string): boolean
  /** Reads those whose turn it is. */
  advance(lane: number, subscriptionId: string): void
  /** Looks for heads that others have let go, and for those for which nothing is to wait any more. */
  lookForReleased(): Promise<void>
}

export interface ChainsOptions {
  nats: Nats
  registry: Registry
  waiting: Appender
  parking: Parking
  logger: Logger
  isStopping(): boolean
  /** Its lane is still ours; otherwise it is let go. */
  isOurs(item: WorkItem): boolean
  isInHand(item: WorkItem): boolean
  /** All that must be known before these are decided upon. */
  whenReady(items: readonly WorkItem[]): Promise<void>
  /** Nothing is to be sent for its delivery any more. */
  isCalledOff(attempt: DueAttempt): boolean
  /** What became of the delivery of an attempt, as far as it is known here. */
  standingOf(attempt: DueAttempt): Standing
  /** The attempt that its delivery waits for, as far as it is known here. */
  nextOf(attempt: DueAttempt): HeadNote['next']
  /** It is this one's turn. */
  onTurn(item: WorkItem): void
  /** It needs no turn. */
  onOver(item: WorkItem, standing: Exclude<Standing, 'due'>): void
  /** The front of a chain waits for its next attempt, which comes by a schedule, or for somebody to let it go. */
  onResting(item: WorkItem): void
  onParked(item: WorkItem): void
  /** It comes again after so long. */
  handBack(item: WorkItem, delayMs: number): void
  /** It was read back. */
  onReadBack(item: WorkItem): void
  /** More of the subscription may be taken into memory. */
  hasRoom(subscriptionId: string): boolean
  /** What could be read is left where it is until there is room again. */
  onNoRoom(subscriptionId: string): void
}

const BATCH_MAX = 500
const READS_AT_ONCE = 64
/** After trouble of our own. What comes later must not overtake, so nothing is given back for it. */
const TRY_AGAIN_MS = 250
/** A retry whose delivery is not known to be in front yet is looked at again then. */
const LOOK_AGAIN_MS = 200

export function createChains(options: ChainsOptions): Chains {
  const { nats, registry, waiting, parking, logger } = options
  const lanes = new Map<number, LaneChains>()
  /** Items that have come and are not decided upon, by lane: one round at a time. */
  const arrivals = new Map<number, WorkItem[]>()

  // -- which chains there are ------------------------------------------------------------------------------------------

  const chainsOf = (lane: number, subscriptionId: string) => lanes.get(lane)?.bySubscription.get(subscriptionId)

  const findChain = ({ lane, attempt }: WorkItem) =>
    chainsOf(lane, attempt.subscriptionId)?.byKey.get(attempt.orderKey!)

  function chainFor(lane: number, subscriptionId: string, orderKey: string): Chain {
    const { bySubscription } = lanes.get(lane)!
    const chains = bySubscription.get(subscriptionId) ?? { byKey: new Map<string, Chain>(), ready: new Set<Chain>() }
    bySubscription.set(subscriptionId, chains)
    const known = chains.byKey.get(orderKey)
    if (known) return known
    const chain: Chain = { lot: parking.lotOf(lane, subscriptionId, orderKey), head: null }
    chains.byKey.set(orderKey, chain)
    return chain
  }

  const chainOf = ({ lane, attempt }: WorkItem) => chainFor(lane, attempt.subscriptionId, attempt.orderKey!)

  /** @returns null when another delivery, or none, is in front. */
  function headOf(item: WorkItem): { chain: Chain; head: Head } | null {
    const chain = findChain(item)
    return chain?.head?.place.deliveryId === item.attempt.deliveryId ? { chain, head: chain.head } : null
  }

  /** To be called whenever its head or what waits behind it may have changed. */
  function update(chain: Chain): void {
    const { lane, subscriptionId, orderKey, hasMore } = chain.lot
    const chains = chainsOf(lane, subscriptionId)
    if (chains?.byKey.get(orderKey) !== chain) return
    if (chain.head === null && hasMore) chains.ready.add(chain)
    else chains.ready.delete(chain)
    if (chain.head !== null || hasMore) return
    chains.byKey.delete(orderKey)
    if (chains.byKey.size === 0) lanes.get(lane)!.bySubscription.delete(subscriptionId)
  }

  function adopt(lane: number): void {
    for (const { subscriptionId, orderKey } of parking.orderedLotsOf(lane))
      update(chainFor(lane, subscriptionId, orderKey))
  }

  // -- notes -----------------------------------------------------------------------------------------------------------

  const subjectOf = ({ lane, subscriptionId, orderKey }: Lot, deliveryId: string) =>
    WAITING_SUBJECTS.head(lane, subscriptionId, orderKey, deliveryId)

  async function notedSubjects(lane: number): Promise<string[]> {
    const filter = WAITING_SUBJECTS.head(lane, '*', '*', '*')
    const { state } = await nats.ask(() => nats.jsm.streams.info(STREAM_NAMES.waiting, { subjects_filter: filter }))
    return Object.keys(state.subjects ?? {})
  }

  async function open(lane: number): Promise<void> {
    const notes = new Map<string, HeadNote>()
    for (const subject of await notedSubjects(lane)) {
      const stored = await readLastOf(nats, STREAM_NAMES.waiting, subject)
      if (stored !== null) notes.set(subject, decodeHeadNote(stored.string()))
    }
    lanes.set(lane, { bySubscription: new Map(), notes })
    adopt(lane)
  }

  async function write({ lot }: Chain, head: Head, next: HeadNote['next']): Promise<void> {
    const note: HeadNote = { v: 1, type: 'head', next }
    await waiting.append({ subject: subjectOf(lot, head.place.deliveryId), body: JSON.stringify(note) })
    head.note = note
  }

  async function forget({ lot }: Chain, head: Head): Promise<void> {
    await nats.jsm.streams.purge(STREAM_NAMES.waiting, { filter: subjectOf(lot, head.place.deliveryId) })
    head.note = null
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
    while (arrivals.get(lane)!.length > 0) await insist(arrivals.get(lane)!.splice(0, BATCH_MAX))
    arrivals.delete(lane)
  }

  /** Until all have been decided upon: what comes later comes after. */
  async function insist(items: readonly WorkItem[]): Promise<void> {
    const undecided = new Set(items)
    while (!options.isStopping()) {
      for (const item of undecided) if (!options.isInHand(item) || !options.isOurs(item)) undecided.delete(item)
      if (undecided.size === 0) return
      try {
        await options.whenReady([...undecided])
        return await decide(undecided)
      } catch (error) {
        logger.warn({ err: error }, 'what is in order waits')
        await delay(TRY_AGAIN_MS)
      }
    }
  }

  /** Takes out what it has decided upon. */
  async function decide(undecided: Set<WorkItem>): Promise<void> {
    const toPark = new Map<Chain, WorkItem[]>()
    for (const item of undecided) {
      if (!options.isOurs(item)) continue
      if (item.source === 'waiting' && (await comesTooEarly(item))) options.handBack(item, LOOK_AGAIN_MS)
      else if (item.source === 'parked') meetFront(item)
      else if (!letOver(item)) {
        if (headOf(item) === null) {
          toPark.set(chainOf(item), [...(toPark.get(chainOf(item)) ?? []), item])
          continue
        }
        takeNoted(item)
        options.onTurn(item)
      }
      undecided.delete(item)
    }
    for (const [chain, items] of toPark) await park(chain, items)
  }

  /** Behind all others of its order key. */
  async function park(chain: Chain, items: readonly WorkItem[]): Promise<void> {
    const { lane, subscriptionId, orderKey } = chain.lot
    // One of which nothing was left may have been forgotten since.
    chain.lot = parking.lotOf(lane, subscriptionId, orderKey)
    await parking.park(
      chain.lot,
      items.map(({ attempt }) => attempt),
    )
    for (const item of items) options.onParked(item)
    update(chain)
    readNext(chain)
  }

  function letOver(item: WorkItem): boolean {
    const standing = options.standingOf(item.attempt)
    if (standing === 'due') return false
    options.onOver(item, standing)
    return true
  }

  /** A retry whose delivery has a place, but is not known to be in front. Without a place it gets one. */
  async function comesTooEarly(item: WorkItem): Promise<boolean> {
    if (headOf(item) !== null || options.standingOf(item.attempt) !== 'due') return false
    const { lot } = chainOf(item)
    return parking.hasPlace(lot, item.attempt.deliveryId)
  }

  /** The attempt that its delivery waits for: it is known what became of those before it, and when it is due. */
  function takeNoted(item: WorkItem): void {
    const next = headOf(item)?.head.note?.next
    if (next?.attemptNumber !== item.attempt.attemptNumber) return
    item.isNext = true
    item.attempt = { ...item.attempt, dueAtMs: next.dueAtMs }
  }

  /** The first of an order key was read back, or is looked at once more. */
  function meetFront(item: WorkItem): void {
    const chain = chainOf(item)
    chain.head ??= newHead(chain.lot, item)
    update(chain)
    const { note } = chain.head
    const standing = options.standingOf(sinceNoted(chain.head, item.attempt))
    if (standing === 'due' && note === null) {
      // Nothing of it stands in LEDGER yet.
      parking.rest(chain.lot)
      options.onTurn(item)
    } else if (standing === 'due' || standing === 'going on') options.onResting(item)
    else options.onOver(item, standing)
  }

  function newHead(lot: Lot, { attempt: place }: WorkItem): Head {
    const { notes } = lanes.get(lot.lane)!
    const subject = subjectOf(lot, place.deliveryId)
    const note = notes.get(subject) ?? null
    notes.delete(subject)
    return { place, note, attemptId: null }
  }

  /** What was before the noted attempt may be forgotten here: what became of the delivery is looked for from that one on. */
  function sinceNoted({ note }: Head, attempt: DueAttempt): DueAttempt {
    const attemptNumber = Math.max(note?.next?.attemptNumber ?? 0, attempt.attemptNumber)
    return attemptNumber === attempt.attemptNumber ? attempt : { ...attempt, attemptNumber }
  }

  // -- turns -----------------------------------------------------------------------------------------------------------

  function readNext(chain: Chain): void {
    if (chain.head !== null || !chain.lot.hasMore) return
    if (!options.hasRoom(chain.lot.subscriptionId)) {
      options.onNoRoom(chain.lot.subscriptionId)
      return
    }
    parking
      .read(chain.lot, 1)
      .then(([next]) => {
        if (next !== undefined) options.onReadBack(next)
        update(chain)
      })
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'the next one of a series could not be read')
        options.onNoRoom(chain.lot.subscriptionId)
      })
  }

  function isBlocking({ subscriptionId }: Lot): boolean {
    return registry.subscriptions.get(subscriptionId)?.state.ordering?.onDeadLetter === 'block'
  }

  function fateOf({ lot }: Chain, head: Head, item: WorkItem, settlement: Settlement): Fate {
    if (settlement === 'parked' || settlement === 'given back') return 'stays'
    const standing = options.standingOf(sinceNoted(head, item.attempt))
    switch (standing) {
      case 'due':
        // What is known of it is what was noted, or is so long ago that it is forgotten.
        if (head.note !== null && head.note.next === null) return isBlocking(lot) ? 'blocks' : 'ends'
        return settlement === 'retried' ? 'goes on' : 'ends'
      case 'going on':
        return 'goes on'
      case 'dead':
        return isBlocking(lot) ? 'blocks' : 'ends'
      case 'ended':
      case 'cancelled':
        return 'ends'
    }
  }

  function beforeSettled(item: WorkItem, settlement: Settlement): Promise<void> | null {
    const front = headOf(item)
    if (front === null) return null
    const { chain, head } = front
    switch (fateOf(chain, head, item, settlement)) {
      case 'stays':
        return null
      case 'goes on': {
        const next = options.nextOf(sinceNoted(head, item.attempt))
        // What is forgotten here was noted when it was recorded.
        return next === null || next.attemptNumber === head.note?.next?.attemptNumber ? null : write(chain, head, next)
      }
      case 'blocks':
        return head.note?.next === null ? null : write(chain, head, null)
      case 'ends':
        return head.note === null ? null : forget(chain, head)
    }
  }

  function onSettled(item: WorkItem, settlement: Settlement): void {
    const front = headOf(item)
    if (front === null) return
    const { chain, head } = front
    const fate = fateOf(chain, head, item, settlement)
    if (fate === 'ends') end(chain)
    else if (fate !== 'stays' && (head.attemptId ?? item.attempt.attemptId) === item.attempt.attemptId) {
      head.attemptId = null
      parking.rest(chain.lot)
    }
  }

  function end(chain: Chain): void {
    chain.head = null
    parking.done(chain.lot)
    update(chain)
    readNext(chain)
  }

  // -- what others do --------------------------------------------------------------------------------------------------

  async function lookForReleased(): Promise<void> {
    for (const [lane, { bySubscription }] of lanes) {
      const resting = new Map<string, { chain: Chain; head: Head }>()
      for (const { byKey } of bySubscription.values())
        for (const chain of byKey.values())
          if (chain.head !== null && chain.head.note !== null && chain.head.attemptId === null)
            resting.set(subjectOf(chain.lot, chain.head.place.deliveryId), { chain, head: chain.head })
      if (resting.size === 0) continue
      const noted = new Set(await notedSubjects(lane))
      for (const [subject, { chain, head }] of resting) {
        if (chain.head !== head || head.attemptId !== null) continue
        if (!noted.has(subject)) end(chain)
        else if (isToGo(chain, head)) await forget(chain, head).then(() => end(chain))
      }
    }
  }

  /** It was called off, or may not hold the others up any more. */
  const isToGo = ({ lot }: Chain, { place, note }: Head) =>
    options.isCalledOff(place) || (note?.next === null && !isBlocking(lot))

  return {
    open,
    close(lane) {
      lanes.delete(lane)
    },
    adopt,
    add,
    onBegin(item) {
      const front = headOf(item)
      if (front === null) return
      front.head.attemptId = item.attempt.attemptId
      parking.begin(front.chain.lot)
    },
    beforeSettled,
    onSettled,
    hasMore: (lane, subscriptionId) => (chainsOf(lane, subscriptionId)?.ready.size ?? 0) > 0,
    advance(lane, subscriptionId) {
      const ready = [...(chainsOf(lane, subscriptionId)?.ready ?? [])]
      for (const chain of ready.slice(0, READS_AT_ONCE)) readNext(chain)
    },
    lookForReleased,
  }
}
