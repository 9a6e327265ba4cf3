import { countOf, type Fifo, newFifo, takeNext, takeWanted } from './fifo.ts'
import type { Gate } from './receivers.ts'
import type { WorkItem } from './work-item.ts'

export interface DispatcherLimits {
  /** Attempts under way at once. */
  concurrencyMax: number
  /** Attempts under way to one origin (scheme, host and port) at once, whoever's subscriptions they are of. */
  originConcurrencyMax: number
}

/** What the dispatcher asks about a subscription. */
export interface SubscriptionView {
  organizationId: string
  origin: string
}

export interface DispatcherOptions {
  limits: DispatcherLimits
  /** Makes the request; its place is free again when it resolves. Never rejects. */
  run: (item: WorkItem) => Promise<void>
  viewOf(subscriptionId: string): SubscriptionView
  gateOf(subscriptionId: string): Gate
  /** Its next request begins. */
  onBegin(subscriptionId: string): void
  /** Whether there is more for it than is waiting here. */
  hasMore(subscriptionId: string): boolean
  /** It could take more than is waiting here. */
  onRoom(subscriptionId: string): void
  /** It takes nothing for a while: what waits here should not wait in memory. */
  onShut(subscriptionId: string): void
  nowMs(): number
}

/**
 * Hands work items out fairly: every organization in turn, of each one every subscription in turn, none beyond its caps or
 * before its time. When more than half of all places are taken, nobody gets more than an equal share of them.
 */
export interface Dispatcher {
  add(item: WorkItem): void
  /** The receiver may be ready for something, or what holds it up may have changed. */
  nudge(subscriptionId: string): void
  /** Items that wait for their turn and fulfil `isWanted`, taken out. */
  takeWaiting(isWanted?: (item: WorkItem) => boolean): WorkItem[]
  takeWaitingOf(subscriptionId: string, isWanted: (item: WorkItem) => boolean): WorkItem[]
  waitingCount(subscriptionId: string): number
  /** Requests that have begun and not ended. */
  underWayCount(): number
  stop(): void
}

interface Queue {
  subscriptionId: string
  view: SubscriptionView
  waiting: Fifo<WorkItem>
  underWay: number
  isReady: boolean
  wake: NodeJS.Timeout | null
}

/** What holds a receiver back may be over sooner than was said: its subscription may have got another address. */
const WAKE_MAX_MS = 5_000
/** More is fetched when no more than so many wait. */
const LOW_WATER = 64

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { limits, run, gateOf, onBegin, nowMs } = options
  const queues = new Map<string, Queue>()
  /** Of each organization its ready subscriptions, in turn. */
  const ready = new Map<string, Fifo<Queue>>()
  /** These organizations, in turn. */
  const turns = newFifo<string>()
  const originUnderWay = new Map<string, number>()
  /** Queues that wait for a place that others have. */
  const crowded = new Set<Queue>()
  let underWayCount = 0
  let busyCount = 0
  let isStopped = false

  function queueOf(subscriptionId: string): Queue {
    const known = queues.get(subscriptionId)
    if (known) return known
    const view = options.viewOf(subscriptionId)
    const queue: Queue = { subscriptionId, view, waiting: newFifo(), underWay: 0, isReady: false, wake: null }
    queues.set(subscriptionId, queue)
    return queue
  }

  function markReady(queue: Queue): void {
    if (queue.isReady || countOf(queue.waiting) === 0) return
    queue.isReady = true
    const { organizationId } = queue.view
    let ofOrganization = ready.get(organizationId)
    if (ofOrganization === undefined) {
      ofOrganization = newFifo()
      ready.set(organizationId, ofOrganization)
      turns.items.push(organizationId)
    }
    ofOrganization.items.push(queue)
  }

  function nextReady(): Queue | null {
    const organizationId = takeNext(turns)
    if (organizationId === undefined) return null
    const ofOrganization = ready.get(organizationId)!
    const queue = takeNext(ofOrganization)!
    if (countOf(ofOrganization) > 0) turns.items.push(organizationId)
    else ready.delete(organizationId)
    queue.isReady = false
    return queue
  }

  function pump(): void {
    while (underWayCount < limits.concurrencyMax && !isStopped) {
      const queue = nextReady()
      if (queue === null) return
      if (countOf(queue.waiting) > 0 && mayBegin(queue)) begin(queue)
    }
  }

  /** When it may not, it is made ready again by whatever it waits for. */
  function mayBegin(queue: Queue): boolean {
    const gate = gateOf(queue.subscriptionId)
    if (gate.type === 'shut') {
      wakeAt(queue, gate.untilMs)
      if (gate.isLong) options.onShut(queue.subscriptionId)
      return false
    }
    if (queue.underWay >= gate.concurrencyMax) return false
    const ofOrigin = originUnderWay.get(queue.view.origin) ?? 0
    const share = Math.max(1, Math.floor(limits.concurrencyMax / Math.max(1, busyCount)))
    const isCrowded = underWayCount * 2 >= limits.concurrencyMax && queue.underWay >= share
    if (ofOrigin < limits.originConcurrencyMax && !isCrowded) return true
    crowded.add(queue)
    return false
  }

  function begin(queue: Queue): void {
    const item = takeNext(queue.waiting)!
    const { origin } = queue.view
    if (queue.underWay++ === 0) busyCount++
    underWayCount++
    originUnderWay.set(origin, (originUnderWay.get(origin) ?? 0) + 1)
    onBegin(queue.subscriptionId)
    void run(item).finally(() => end(queue, origin))
    markReady(queue)
    askForMore(queue)
  }

  function end(queue: Queue, origin: string): void {
    if (--queue.underWay === 0) busyCount--
    underWayCount--
    const ofOrigin = originUnderWay.get(origin)! - 1
    if (ofOrigin === 0) originUnderWay.delete(origin)
    else originUnderWay.set(origin, ofOrigin)
    letOneIn(origin)
    markReady(queue)
    askForMore(queue)
    drop(queue)
    pump()
  }

  function askForMore(queue: Queue): void {
    const { subscriptionId } = queue
    if (countOf(queue.waiting) > LOW_WATER || !options.hasMore(subscriptionId)) return
    const gate = gateOf(subscriptionId)
    if (gate.type === 'shut') wakeAt(queue, gate.untilMs)
    else options.onRoom(subscriptionId)
  }

  /** A place is free: for one that waits for a place at this origin, and for one that waits for any. */
  function letOneIn(origin: string): void {
    let isOriginServed = false
    for (const queue of crowded) {
      const isOfOrigin = queue.view.origin === origin
      if (isOfOrigin && isOriginServed) continue
      crowded.delete(queue)
      markReady(queue)
      if (!isOfOrigin) return
      isOriginServed = true
    }
  }

  function drop(queue: Queue): void {
    if (queue.underWay > 0 || countOf(queue.waiting) > 0 || queue.wake !== null) return
    queues.delete(queue.subscriptionId)
    crowded.delete(queue)
  }

  function wakeAt(queue: Queue, atMs: number): void {
    queue.wake ??= setTimeout(
      () => {
        queue.wake = null
        nudge(queue.subscriptionId)
      },
      Math.max(1, Math.min(Math.ceil(atMs - nowMs()), WAKE_MAX_MS)),
    )
  }

  function nudge(subscriptionId: string): void {
    if (isStopped) return
    const queue = queueOf(subscriptionId)
    queue.view = options.viewOf(subscriptionId)
    markReady(queue)
    askForMore(queue)
    drop(queue)
    pump()
  }

  function takeFrom(queue: Queue, isWanted: (item: WorkItem) => boolean): WorkItem[] {
    const taken = takeWanted(queue.waiting, isWanted)
    drop(queue)
    return taken
  }

  return {
    add(item) {
      const queue = queueOf(item.attempt.subscriptionId)
      queue.waiting.items.push(item)
      if (queue.wake === null) markReady(queue)
      pump()
    },
    nudge,
    takeWaiting: (isWanted = () => true) => [...queues.values()].flatMap((queue) => takeFrom(queue, isWanted)),
    takeWaitingOf(subscriptionId, isWanted) {
      const queue = queues.get(subscriptionId)
      return queue === undefined ? [] : takeFrom(queue, isWanted)
    },
    waitingCount: (subscriptionId) => {
      const queue = queues.get(subscriptionId)
      return queue === undefined ? 0 : countOf(queue.waiting)
    },
    underWayCount: () => underWayCount,
    stop() {
      isStopped = true
      for (const queue of queues.values()) if (queue.wake !== null) clearTimeout(queue.wake)
    },
  }
}
