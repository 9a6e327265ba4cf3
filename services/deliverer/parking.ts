import type { StoredMsg } from '@nats-io/jetstream'
import { UNORDERED, WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import { AppendConflictError, type Appender } from '#shared/runtime/appender.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { attemptOfWaiting, type DueAttempt, parkedOf, type WorkItem } from './work-item.ts'

/**
 * What is parked of a subscription or, of an ordered one, of one order key: in the order in which it was parked. Of an order
 * key only the first one is ever read back: it keeps its place, and all others wait, until its delivery has ended.
 */
export interface Lot {
  readonly lane: number
  readonly subscriptionId: string
  /** `UNORDERED` for what is in no order. */
  readonly orderKey: string
  /** Something is parked that has not been read back yet. What comes must go behind it. */
  hasMore: boolean
}

interface LotState extends Lot {
  /** Read back up to here. */
  cursorSeq: number
  /** Read back and not recorded yet. */
  readonly outstanding: Set<number>
  /** Recorded and perhaps not purged. */
  doneCount: number
  /** How things stood at an earlier purge. */
  mark: { cursorSeq: number; ledgerSeq: number } | null
  /** Attempts of what is done and not purged stand in LEDGER behind this; null: there is nothing of that kind. */
  doneAfterLedgerSeq: number | null
  /** Of an order key: attempts of the first one, of which WAITING does not know yet, stand in LEDGER behind this. */
  frontAfterLedgerSeq: number | null
  parksUnderWay: number
  /** Counts what was to be parked. */
  parkCount: number
  isReading: boolean
  /** What was read last was nearly all that stood there. */
  isDense: boolean
  lastUsedMs: number
}

/** Waiting attempts that a receiver can't take now: on disk instead of in memory, where they would be in others' way. */
export interface Parking {
  /**
   * Finds what an earlier owner of the lane has parked. The attempts of what it was done with and had not purged stand in
   * LEDGER behind the sequence. @returns The subscriptions that it is of.
   */
  open(lane: number, attemptsAfterLedgerSeq: number): Promise<string[]>
  close(lane: number): void
  lotOf(lane: number, subscriptionId: string, orderKey: string): Lot
  find(lane: number, subscriptionId: string, orderKey: string): Lot | null
  /** Of order keys. */
  orderedLotsOf(lane: number): Lot[]
  /** On disk when it resolves: the message that it came by may be acknowledged then. Parking it twice is no error. */
  park(lot: Lot, attempts: readonly DueAttempt[]): Promise<void>
  /** Reads the next ones back, in order; they stay parked until they are acknowledged, or done. */
  read(lot: Lot, max: number): Promise<WorkItem[]>
  /** Of an order key: an attempt of the first one is made now. */
  begin(lot: Lot): void
  /** Of an order key: what LEDGER says of the first one can be seen in WAITING too. */
  rest(lot: Lot): void
  /** Of an order key: the first one has ended; the next one may be read. */
  done(lot: Lot): void
  /** Whether a delivery has a place in its lot. */
  hasPlace(lot: Lot, deliveryId: string): Promise<boolean>
  /** Finds what another process has parked that took the lane for its own. @returns The subscriptions that it is of. */
  lookForOthers(lane: number): Promise<string[]>
  /** Something of it was read back and is not done. */
  isInHand(lot: Lot): boolean
  /** It was read back, is not done, and its lane is still open. */
  isOutstanding(item: WorkItem): boolean
  /** Takes what is done off the disk. */
  purge(lane: number): Promise<void>
  /** What could come again by being read back has its attempts in LEDGER behind this sequence, if at all. */
  attemptsAfterLedgerSeq(lane: number): number
}

export interface ParkingOptions {
  nats: Nats
  waiting: Appender
  /** The last sequence of LEDGER that is known here. */
  ledgerSeq(): number
  /** An item that was read back is not to be made now, but after so long, if it is still outstanding then. */
  onAgain(item: WorkItem, delayMs: number): void
}

/** A lot of which nothing is left is forgotten after so long. */
const IDLE_MS = 10_000
const PURGES_AT_ONCE = 8
const MESSAGE_NOT_FOUND = 404
/** Of fewer it can't be told whether they stand close together. */
const DENSE_MIN = 16

type SubjectCounts = Record<string, number>

const isOfKey = ({ orderKey }: Lot) => orderKey !== UNORDERED

interface LaneLots {
  /** What stands up to here was parked under an earlier owner, who may have made the attempt. */
  inheritedThroughSeq: number
  /** The attempts of what it had not purged stand in LEDGER behind this. */
  attemptsAfterLedgerSeq: number
  /** By subscription and order key. */
  lots: Map<string, LotState>
  /** Of subscriptions whose marker is there, or on its way. */
  markers: Map<string, Marker>
  /** Of those whose marker is being taken away. */
  removals: Map<string, Promise<void>>
}

interface Marker {
  isSet: Promise<void>
  /** Its place in WAITING, once it has one. */
  seq: number | null
}

const newLaneLots = (): LaneLots => ({
  inheritedThroughSeq: 0,
  attemptsAfterLedgerSeq: 0,
  lots: new Map(),
  markers: new Map(),
  removals: new Map(),
})

export function createParking({ nats, waiting, ledgerSeq, onAgain }: ParkingOptions): Parking {
  const lanes = new Map<number, LaneLots>()

  const nameOf = (subscriptionId: string, orderKey: string) => `${subscriptionId}/${orderKey}`

  const filterOf = ({ lane, subscriptionId, orderKey }: Lot) =>
    `${WAITING_SUBJECTS.parking(lane, subscriptionId)}.${orderKey}.>`

  function lotOf(lane: number, subscriptionId: string, orderKey: string): LotState {
    const ofLane = lanes.get(lane) ?? newLaneLots()
    lanes.set(lane, ofLane)
    const name = nameOf(subscriptionId, orderKey)
    const known = ofLane.lots.get(name)
    if (known) return known
    const lot: LotState = {
      lane,
      subscriptionId,
      orderKey,
      hasMore: false,
      cursorSeq: 0,
      outstanding: new Set(),
      doneCount: 0,
      mark: null,
      doneAfterLedgerSeq: null,
      frontAfterLedgerSeq: null,
      parksUnderWay: 0,
      parkCount: 0,
      isReading: false,
      isDense: false,
      lastUsedMs: performance.now(),
    }
    ofLane.lots.set(name, lot)
    return lot
  }

  const isOpen = (lot: LotState) => lanes.get(lot.lane)?.lots.get(nameOf(lot.subscriptionId, lot.orderKey)) === lot

  async function open(lane: number, attemptsAfterLedgerSeq: number): Promise<string[]> {
    const ofLane = newLaneLots()
    ofLane.inheritedThroughSeq = (await readStreamState(nats, STREAM_NAMES.waiting)).lastSeq
    lanes.set(lane, ofLane)
    ofLane.attemptsAfterLedgerSeq = attemptsAfterLedgerSeq
    return openMarked(lane, ofLane)
  }

  /** The lots of the subscriptions that have a marker which isn't known here. */
  async function openMarked(lane: number, ofLane: LaneLots): Promise<string[]> {
    const marked = Object.keys(await subjectsOf(WAITING_SUBJECTS.parking(lane, '*'))).map(
      (subject) => subject.split('.')[2]!,
    )
    const { markers, removals, attemptsAfterLedgerSeq } = ofLane
    const unknown = marked.filter((subscriptionId) => !markers.has(subscriptionId) && !removals.has(subscriptionId))
    for (const subscriptionId of unknown) {
      const keys = await orderKeysOf(lane, subscriptionId)
      if (lanes.get(lane) !== ofLane) return []
      // One of its own: an earlier owner that doesn't know yet that it is none any more may take away the one it has known.
      setMarker(lane, subscriptionId, ofLane)
      for (const orderKey of keys) {
        const lot = lotOf(lane, subscriptionId, orderKey)
        lot.hasMore = true
        lot.doneAfterLedgerSeq ??= attemptsAfterLedgerSeq
      }
    }
    return unknown
  }

  async function orderKeysOf(lane: number, subscriptionId: string): Promise<Set<string>> {
    const parked = await subjectsOf(`${WAITING_SUBJECTS.parking(lane, subscriptionId)}.>`)
    return new Set(Object.keys(parked).map((subject) => subject.split('.')[3]!))
  }

  async function subjectsOf(filter: string): Promise<SubjectCounts> {
    const { state } = await nats.ask(() => nats.jsm.streams.info(STREAM_NAMES.waiting, { subjects_filter: filter }))
    return (state.subjects as SubjectCounts | undefined) ?? {}
  }

  /** Without it the next owner of the lane would not look for what is parked. */
  function mark({ lane, subscriptionId }: Lot): Promise<void> {
    const ofLane = lanes.get(lane) ?? newLaneLots()
    return (ofLane.markers.get(subscriptionId) ?? setMarker(lane, subscriptionId, ofLane)).isSet
  }

  function setMarker(lane: number, subscriptionId: string, { markers, removals }: LaneLots): Marker {
    const message = { subject: WAITING_SUBJECTS.parking(lane, subscriptionId), body: '{"v":1}' }
    const set = async () => {
      await removals.get(subscriptionId)
      marker.seq = (await waiting.append(message)).seq
    }
    const marker: Marker = { isSet: Promise.resolve().then(set), seq: null }
    markers.set(subscriptionId, marker)
    marker.isSet.catch(() => markers.delete(subscriptionId))
    return marker
  }

  async function park(given: Lot, attempts: readonly DueAttempt[]): Promise<void> {
    const lot = given as LotState
    lot.hasMore = true
    lot.lastUsedMs = performance.now()
    lot.parksUnderWay++
    lot.parkCount++
    try {
      await mark(lot)
      await (attempts.length === 1 ? parkOne(lot.lane, attempts[0]!) : parkInOrder(lot.lane, attempts))
    } finally {
      lot.parksUnderWay--
    }
  }

  const messageOf = (lane: number, attempt: DueAttempt) => ({
    subject: WAITING_SUBJECTS.parked(lane, attempt),
    body: JSON.stringify(parkedOf(attempt)),
    expectLastSubjectSeq: 0,
  })

  async function parkOne(lane: number, attempt: DueAttempt): Promise<void> {
    try {
      await waiting.append(messageOf(lane, attempt))
    } catch (error) {
      // It is parked already.
      if (!(error instanceof AppendConflictError)) throw error
    }
  }

  /** All in one batch; when some of them are parked already, one after the other. */
  async function parkInOrder(lane: number, attempts: readonly DueAttempt[]): Promise<void> {
    try {
      await waiting.appendGroup(attempts.map((attempt) => messageOf(lane, attempt)))
    } catch (error) {
      if (!(error instanceof AppendConflictError)) throw error
      for (const attempt of attempts) await parkOne(lane, attempt)
    }
  }

  async function read(given: Lot, max: number): Promise<WorkItem[]> {
    const lot = given as LotState
    const isBusy = lot.isReading || (isOfKey(lot) && lot.outstanding.size > 0)
    if (isBusy || !lot.hasMore || max < 1) return []
    lot.isReading = true
    lot.lastUsedMs = performance.now()
    try {
      const items = isOfKey(lot) ? await readFront(lot) : await readNext(lot, max)
      if (items.length === 0) await lookForEnd(lot)
      return isOpen(lot) ? items : []
    } finally {
      lot.isReading = false
    }
  }

  async function readNext(lot: LotState, max: number): Promise<WorkItem[]> {
    const seqBefore = ledgerSeq()
    const { messages, throughSeq } = await readOf(lot, max)
    if (messages.length === 0) return []
    lot.cursorSeq = throughSeq
    lot.doneAfterLedgerSeq ??= seqBefore
    return messages.map((message) => itemOf(lot, message.seq, attemptOfWaiting(message)))
  }

  /**
   * With a filter the server first counts all that is parked of the lot: the more that is, the longer it takes. So where nearly
   * everything is of this lot anyway, it is read without one, and what is others' is left out here.
   * @returns no messages only when nothing of the lot is left.
   */
  async function readOf(lot: LotState, max: number): Promise<{ messages: StoredMsg[]; throughSeq: number }> {
    const filter = filterOf(lot)
    if (lot.isDense) {
      const all = await readBatch(lot.cursorSeq + 1, max, '>')
      const messages = all.filter(({ subject }) => subject.startsWith(filter.slice(0, -1)))
      lot.isDense = messages.length * 2 > max
      if (messages.length > 0) return { messages, throughSeq: all.at(-1)!.seq }
    }
    const messages = await readBatch(lot.cursorSeq + 1, max, filter)
    const throughSeq = messages.at(-1)?.seq ?? lot.cursorSeq
    lot.isDense = messages.length >= DENSE_MIN && throughSeq - messages[0]!.seq + 1 < messages.length * 2
    return { messages, throughSeq }
  }

  async function readBatch(seq: number, batch: number, filter: string): Promise<StoredMsg[]> {
    const messages = await nats.unlessLost(
      nats.jsm.direct.getBatch(STREAM_NAMES.waiting, { seq, batch, next_by_subj: filter }),
    )
    const found: StoredMsg[] = []
    try {
      for await (const message of messages) found.push(message)
    } catch (error) {
      // To the client it is an error that there is nothing.
      if ((error as { code?: unknown }).code !== MESSAGE_NOT_FOUND) throw error
    }
    return found
  }

  /** Of the leader: another copy may still have what is purged, which would be made once more. */
  async function readFront(lot: LotState): Promise<WorkItem[]> {
    const message = await nextFrom(lot.cursorSeq + 1, filterOf(lot))
    if (message === null) return []
    lot.cursorSeq = message.seq
    lot.frontAfterLedgerSeq = lot.doneAfterLedgerSeq
    return [itemOf(lot, message.seq, attemptOfWaiting(message))]
  }

  function done(lot: LotState): void {
    const afterSeq = lot.frontAfterLedgerSeq ?? ledgerSeq()
    lot.doneAfterLedgerSeq = Math.min(lot.doneAfterLedgerSeq ?? afterSeq, afterSeq)
    lot.frontAfterLedgerSeq = null
    lot.doneCount += lot.outstanding.size
    lot.outstanding.clear()
  }

  function rest(lot: LotState): void {
    lot.frontAfterLedgerSeq = null
    if (lot.doneCount === 0) lot.doneAfterLedgerSeq = null
  }

  /** What is parked while the question is under way may be missing from the answer. */
  async function lookForEnd(lot: LotState): Promise<void> {
    const countBefore = lot.parkCount
    if (lot.parksUnderWay > 0 || !(await isAtEnd(lot))) return
    if (lot.parkCount === countBefore) lot.hasMore = false
  }

  /** Of the leader: another copy may not have the latest yet. */
  const isAtEnd = (lot: LotState) => isNothingFrom(lot.cursorSeq + 1, filterOf(lot))

  const isNothingFrom = async (seq: number, filter: string) => (await nextFrom(seq, filter)) === null

  async function nextFrom(seq: number, filter: string): Promise<StoredMsg | null> {
    // The server takes both together; the client's type doesn't know it.
    const where: { seq: number } = Object.assign({ seq }, { next_by_subj: filter })
    return nats.ask(() => nats.jsm.streams.getMessage(STREAM_NAMES.waiting, where))
  }

  function itemOf(lot: LotState, seq: number, attempt: DueAttempt): WorkItem {
    lot.outstanding.add(seq)
    const item: WorkItem = {
      attempt,
      lane: lot.lane,
      source: 'parked',
      isRedelivered: seq <= (lanes.get(lot.lane)?.inheritedThroughSeq ?? 0),
      heldSinceMs: performance.now(),
      message: {
        seq,
        ack() {
          if (!isOfKey(lot) && lot.outstanding.delete(seq)) lot.doneCount++
        },
        nak: (delayMs) => onAgain(item, delayMs),
        working() {},
      },
    }
    return item
  }

  async function purge(lane: number): Promise<void> {
    const ofLane = lanes.get(lane)
    if (ofLane === undefined) return
    const lots = [...ofLane.lots.values()].filter((lot) => lot.doneCount > 0)
    for (let i = 0; i < lots.length; i += PURGES_AT_ONCE)
      await Promise.all(lots.slice(i, i + PURGES_AT_ONCE).map(purgeLot))
    await forgetIdle(lane, ofLane)
  }

  async function purgeLot(lot: LotState): Promise<void> {
    const now = { cursorSeq: lot.cursorSeq, ledgerSeq: ledgerSeq() }
    const throughSeq = lot.outstanding.size === 0 ? lot.cursorSeq : Math.min(...lot.outstanding) - 1
    // Of an order key all that is done stands before the one in front.
    const isAllDone = lot.outstanding.size === 0 || isOfKey(lot)
    const doneCount = isAllDone ? lot.doneCount : 0
    await nats.jsm.streams.purge(STREAM_NAMES.waiting, { filter: filterOf(lot), seq: throughSeq + 1 })
    lot.doneCount -= doneCount
    if (lot.doneCount === 0 && isAllDone) lot.doneAfterLedgerSeq = null
    else if (isOfKey(lot)) return
    // What had been read back by an earlier purge is gone: what isn't was recorded after it.
    else if (lot.mark !== null && throughSeq >= lot.mark.cursorSeq) lot.doneAfterLedgerSeq = lot.mark.ledgerSeq
    else if (lot.mark !== null) return
    lot.mark = now
  }

  async function forgetIdle(lane: number, { lots, markers, removals }: LaneLots): Promise<void> {
    for (const [name, lot] of lots) if (isIdle(lot)) lots.delete(name)
    const used = new Set([...lots.values()].map(({ subscriptionId }) => subscriptionId))
    for (const [subscriptionId, { seq }] of markers) {
      if (used.has(subscriptionId) || seq === null) continue
      // Another process may have parked something that took the lane for its own.
      if (!(await isNothingFrom(1, `${WAITING_SUBJECTS.parking(lane, subscriptionId)}.>`))) {
        markers.delete(subscriptionId)
        continue
      }
      markers.delete(subscriptionId)
      // None that was set since, by whomever: what is carried out late, or by who isn't the owner any more, takes away no other.
      const removed = { filter: WAITING_SUBJECTS.parking(lane, subscriptionId), seq: seq + 1 }
      const removal = nats.jsm.streams
        .purge(STREAM_NAMES.waiting, removed)
        // Without an answer it may be gone: whoever parks again sets it anew, and one too many does no harm.
        .then(
          () => {},
          () => {},
        )
        .finally(() => removals.delete(subscriptionId))
      removals.set(subscriptionId, removal)
      await removal
    }
  }

  const isIdle = (lot: LotState) =>
    !lot.hasMore &&
    lot.outstanding.size === 0 &&
    lot.doneCount === 0 &&
    lot.parksUnderWay === 0 &&
    performance.now() - lot.lastUsedMs > IDLE_MS

  return {
    open,
    close(lane) {
      lanes.delete(lane)
    },
    lotOf,
    find: (lane, subscriptionId, orderKey) => lanes.get(lane)?.lots.get(nameOf(subscriptionId, orderKey)) ?? null,
    orderedLotsOf: (lane) => [...(lanes.get(lane)?.lots.values() ?? [])].filter(isOfKey),
    park,
    read,
    begin(lot) {
      const state = lot as LotState
      state.frontAfterLedgerSeq ??= ledgerSeq()
    },
    rest: (lot) => rest(lot as LotState),
    done: (lot) => done(lot as LotState),
    async hasPlace({ lane, subscriptionId, orderKey }, deliveryId) {
      return !(await isNothingFrom(1, WAITING_SUBJECTS.places(lane, subscriptionId, orderKey, deliveryId)))
    },
    async lookForOthers(lane) {
      const ofLane = lanes.get(lane)
      return ofLane === undefined ? [] : openMarked(lane, ofLane)
    },
    isInHand: (lot) => (lot as LotState).outstanding.size > 0,
    isOutstanding: ({ lane, attempt, message }) =>
      [...(lanes.get(lane)?.lots.values() ?? [])].some(
        (lot) => lot.subscriptionId === attempt.subscriptionId && lot.outstanding.has(message.seq),
      ),
    purge,
    attemptsAfterLedgerSeq: (lane) =>
      [...(lanes.get(lane)?.lots.values() ?? [])].reduce(
        (least, { doneAfterLedgerSeq, frontAfterLedgerSeq }) =>
          Math.min(least, doneAfterLedgerSeq ?? least, frontAfterLedgerSeq ?? least),
        Number.POSITIVE_INFINITY,
      ),
  }
}
