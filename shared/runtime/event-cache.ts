import { LRUCache } from 'lru-cache'
import { decodeEvent, type EventAccepted } from '../facts/event.ts'
import type { Nats } from './nats.ts'
import { readStored, STREAM_NAMES } from './streams.ts'

export interface CachedEvent {
  event: EventAccepted
  payload: Uint8Array
}

const CACHE_BYTES_MAX = 64 * 1024 * 1024
/** What an entry costs beside its payload, about. */
const ENTRY_OVERHEAD_BYTES = 1024

/** Events by their EVENTS sequence: what the matcher has just read, the deliverer needs next. */
export interface EventCache {
  put(seq: number, event: CachedEvent): void
  /** From memory, else from the stream. @returns null when the stream no longer holds it. */
  get(seq: number): CachedEvent | Promise<CachedEvent | null>
}

/** Holds at most 64 MiB; callers that want the same event at once share one request. */
export function createEventCache(nats: Nats): EventCache {
  const cache = new LRUCache<number, CachedEvent>({
    maxSize: CACHE_BYTES_MAX,
    sizeCalculation: ({ payload }) => payload.length + ENTRY_OVERHEAD_BYTES,
  })
  const fetching = new Map<number, Promise<CachedEvent | null>>()

  async function fetch(seq: number): Promise<CachedEvent | null> {
    const stored = await readStored(nats, STREAM_NAMES.events, seq)
    if (stored === null) return null
    const event = decodeEvent(stored.data)
    cache.set(seq, event)
    return event
  }

  return {
    put: (seq, event) => void cache.set(seq, event),
    get(seq) {
      const cached = cache.get(seq)
      if (cached) return cached
      const pending = fetching.get(seq)
      if (pending) return pending
      const fetched = fetch(seq).finally(() => fetching.delete(seq))
      fetching.set(seq, fetched)
      return fetched
    },
  }
}
