import type { WorkItem } from './work-item.ts'

export interface DispatcherLimits {
  /** Attempts under way at once. */
  concurrencyMax: number
  /** Attempts under way to one subscription at once. */
  subscriptionConcurrencyMax: number
}

/** Hands work items out fairly: every subscription in turn, none beyond its cap. */
export interface Dispatcher {
  add(item: WorkItem): void
  /** Items that wait for their turn, taken out: for a stop. */
  takeWaiting(): WorkItem[]
}

interface SubscriptionQueue {
  waiting: WorkItem[]
  /** Index of the next one in `waiting`. */
  next: number
  underWay: number
  isReady: boolean
}

/** Taken items are cut off now and then, not one by one. */
const CUT_OFF_AFTER = 1_024

function takeNext(queue: SubscriptionQueue): WorkItem {
  const item = queue.waiting[queue.next++]!
  if (queue.next === queue.waiting.length || queue.next >= CUT_OFF_AFTER) {
    queue.waiting = queue.waiting.slice(queue.next)
    queue.next = 0
  }
  return item
}

/** @param run Makes the request; its place is free again when it resolves. Never rejects. */
export function createDispatcher(limits: DispatcherLimits, run: (item: WorkItem) => Promise<void>): Dispatcher {
  const queues = new Map<string, SubscriptionQueue>()
  /** Subscriptions that have something waiting and room for it, in turn. */
  const ready: string[] = []
  let underWayCount = 0

  function markReady(subscriptionId: string, queue: SubscriptionQueue): void {
    if (queue.isReady || queue.next >= queue.waiting.length || queue.underWay >= limits.subscriptionConcurrencyMax)
      return
    queue.isReady = true
    ready.push(subscriptionId)
  }

  function pump(): void {
    while (underWayCount < limits.concurrencyMax && ready.length > 0) {
      const subscriptionId = ready.shift()!
      const queue = queues.get(subscriptionId)!
      queue.isReady = false
      const item = takeNext(queue)
      start(item, subscriptionId, queue)
      markReady(subscriptionId, queue)
    }
  }

  function start(item: WorkItem, subscriptionId: string, queue: SubscriptionQueue): void {
    queue.underWay++
    underWayCount++
    void run(item).finally(() => {
      queue.underWay--
      underWayCount--
      if (queue.underWay === 0 && queue.next >= queue.waiting.length) queues.delete(subscriptionId)
      else markReady(subscriptionId, queue)
      pump()
    })
  }

  return {
    add(item) {
      const { subscriptionId } = item.attempt
      const queue = queues.get(subscriptionId) ?? { waiting: [], next: 0, underWay: 0, isReady: false }
      queues.set(subscriptionId, queue)
      queue.waiting.push(item)
      markReady(subscriptionId, queue)
      pump()
    },
    takeWaiting() {
      ready.length = 0
      const taken: WorkItem[] = []
      for (const queue of queues.values()) {
        taken.push(...queue.waiting.slice(queue.next))
        queue.waiting = []
        queue.next = 0
        queue.isReady = false
      }
      return taken
    },
  }
}
