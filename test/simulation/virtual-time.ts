import { AsyncLocalStorage } from 'node:async_hooks'
import { createRequire, syncBuiltinESMExports } from 'node:module'

/** Who a piece of work belongs to: when a simulated process dies, its timers and answers die with it. */
export interface Owner {
  name: string
  isAlive: boolean
  /** Stopped, as by SIGSTOP, until then: what is its own happens afterwards. */
  pausedUntilMs?: number
  pausedSinceMs?: number
}

interface Happening {
  atMs: number
  /** What was put off by a pause keeps its place by this. */
  plannedMs: number
  /** Breaks ties: in the order of planning. */
  order: number
  owner: Owner
  act: () => void
  isCancelled: boolean
}

/** A run's time: it stands still while code runs and jumps to whatever is planned next. */
export interface VirtualTime {
  nowMs(): number
  /** Plans `act` for so many ms from now, on behalf of `owner` (left out: of whoever asks). */
  after(delayMs: number, act: () => void, owner?: Owner): () => void
  /** Runs `start` as `owner`: whatever it plans or awaits is the owner's. */
  runAs<T>(owner: Owner, start: () => T): T
  /** Lets time pass until `isDone()`, or until `limitMs`. @returns whether it was done. */
  passUntil(isDone: () => boolean, limitMs: number): Promise<boolean>
  /** How many happenings there were. */
  steps(): number
}

const NOBODY: Owner = { name: 'nobody', isAlive: true }
const owners = new AsyncLocalStorage<Owner>()
const real = {
  setImmediate: globalThis.setImmediate,
  now: performance.now.bind(performance),
}
/** Turns of the real event loop are costly; one in so many steps keeps signals and messages alive. */
const REAL_TURN_EVERY = 4_096

let current: ReturnType<typeof newTimeline> | null = null

/** Binary heap by time, then by order. */
function newHeap() {
  const heap: Happening[] = []
  const isBefore = (a: Happening, b: Happening) =>
    (a.atMs - b.atMs || a.plannedMs - b.plannedMs || a.order - b.order) < 0
  return {
    peek: () => heap[0],
    push(happening: Happening): void {
      let i = heap.push(happening) - 1
      while (i > 0) {
        const parent = (i - 1) >> 1
        if (!isBefore(happening, heap[parent]!)) break
        heap[i] = heap[parent]!
        i = parent
      }
      heap[i] = happening
    },
    pop(): Happening {
      const top = heap[0]!
      const last = heap.pop()!
      if (heap.length === 0) return top
      let i = 0
      while (true) {
        let child = 2 * i + 1
        if (child >= heap.length) break
        if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
        if (!isBefore(heap[child]!, last)) break
        heap[i] = heap[child]!
        i = child
      }
      heap[i] = last
      return top
    },
  }
}

function newTimeline() {
  const heap = newHeap()
  let nowMs = 0
  let order = 0
  let steps = 0

  function after(delayMs: number, act: () => void, owner = owners.getStore() ?? NOBODY): () => void {
    const atMs = nowMs + Math.max(0, delayMs)
    const happening: Happening = { atMs, plannedMs: atMs, order: order++, owner, act, isCancelled: false }
    heap.push(happening)
    return () => {
      happening.isCancelled = true
    }
  }

  function passUntil(isDone: () => boolean, limitMs: number): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const step = () => {
      try {
        if (isDone()) return resolve(true)
        const next = heap.peek()
        if (next === undefined || next.atMs > limitMs) return resolve(false)
        heap.pop()
        nowMs = next.atMs
        steps++
        const { pausedUntilMs = 0, isAlive } = next.owner
        if (next.isCancelled) steps--
        else if (pausedUntilMs > nowMs) {
          next.atMs = pausedUntilMs
          heap.push(next)
        } else if (isAlive) owners.run(next.owner, next.act)
        if (steps % REAL_TURN_EVERY === 0) real.setImmediate(step)
        // Every microtask that the step has caused runs before the next one.
        else queueMicrotask(() => process.nextTick(step))
      } catch (error) {
        reject(error as Error)
      }
    }
    real.setImmediate(step)
    return promise
  }

  return { nowMs: () => nowMs, after, passUntil, runAs: owners.run.bind(owners), steps: () => steps } as VirtualTime
}

/** Begins a new time at 0; what was planned before never happens. */
export function startVirtualTime(): VirtualTime {
  installOnce()
  current = newTimeline()
  return current
}

/** Milliseconds of the real, monotonic clock. */
export const realNowMs = (): number => real.now()

class VirtualTimer {
  #cancel: () => void
  constructor(cancel: () => void) {
    this.#cancel = cancel
  }
  cancel(): void {
    this.#cancel()
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  hasRef(): boolean {
    return false
  }
}

let isInstalled = false

/** Timers and the monotonic clock of this process are virtual from now on: what is simulated needs no seam for them. */
function installOnce(): void {
  if (isInstalled) return
  isInstalled = true
  const time = () => current!
  const setTimer = (act: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) =>
    new VirtualTimer(time().after(delayMs, () => act(...args)))
  const setRepeating = (act: (...args: unknown[]) => void, intervalMs = 1, ...args: unknown[]) => {
    let cancel = () => {}
    const plan = () => {
      cancel = time().after(Math.max(1, intervalMs), () => {
        plan()
        act(...args)
      })
    }
    plan()
    return new VirtualTimer(() => cancel())
  }
  const clear = (timer: unknown) => {
    if (timer instanceof VirtualTimer) timer.cancel()
  }
  const virtual = {
    setTimeout: setTimer,
    setInterval: setRepeating,
    setImmediate: (act: (...args: unknown[]) => void, ...args: unknown[]) => setTimer(act, 0, ...args),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  }
  Object.assign(globalThis, virtual)
  performance.now = () => time().nowMs()
  const promises = createRequire(import.meta.url)('node:timers/promises') as Record<string, unknown>
  promises['setTimeout'] = (delayMs = 0, value?: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const cancel = time().after(delayMs, () => resolve(value))
      signal?.addEventListener('abort', () => {
        cancel()
        reject(signal.reason as Error)
      })
    })
  syncBuiltinESMExports()
}
