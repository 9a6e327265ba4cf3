/** A set of UUIDs in 8 bytes each: of a million ids two have the same half with a chance of one in 30 million. */
export interface IdSet {
  /** @returns false when it was in there before. */
  add(id: string): boolean
  has(id: string): boolean
  readonly size: number
}

const START_SIZE = 1_024
const LOAD_MAX = 0.6

export function createIdSet(): IdSet {
  let slots = new BigUint64Array(START_SIZE)
  let size = 0

  /** The second half of a UUID is random or a digest in every version that occurs here. */
  const halfOf = (id: string) => BigInt(`0x${id.slice(19, 23)}${id.slice(24, 36)}`) || 1n

  function slotOf(table: BigUint64Array, half: bigint): number {
    let slot = Number(half % BigInt(table.length))
    while (table[slot] !== 0n && table[slot] !== half) slot = (slot + 1) % table.length
    return slot
  }

  function grow(): void {
    const larger = new BigUint64Array(slots.length * 2)
    for (const half of slots) if (half !== 0n) larger[slotOf(larger, half)] = half
    slots = larger
  }

  return {
    add(id) {
      const half = halfOf(id)
      const slot = slotOf(slots, half)
      if (slots[slot] === half) return false
      slots[slot] = half
      size++
      if (size > slots.length * LOAD_MAX) grow()
      return true
    },
    has: (id) => slots[slotOf(slots, halfOf(id))] !== 0n,
    get size() {
      return size
    },
  }
}
