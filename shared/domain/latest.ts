/** What was set of late: at least the latest `count` entries, at most twice as many. */
export interface Latest<Key, Value> {
  has(key: Key): boolean
  get(key: Key): Value | undefined
  set(key: Key, value: Value): void
}

/**
 * The older half is forgotten as a whole. To take the oldest entry out of a `Map` each time costs more the larger it is: what was
 * taken out is passed over until the map is packed anew.
 */
export function createLatest<Key, Value>(count: number): Latest<Key, Value> {
  let young = new Map<Key, Value>()
  let old = new Map<Key, Value>()
  return {
    has: (key) => young.has(key) || old.has(key),
    get: (key) => (young.has(key) ? young.get(key) : old.get(key)),
    set(key, value) {
      young.set(key, value)
      if (young.size < count) return
      old = young
      young = new Map()
    },
  }
}
