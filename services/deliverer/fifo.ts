/** First in, first out: to take one costs the same however many wait. */
export interface Fifo<Item> {
  items: Item[]
  /** Index of the next one in `items`. */
  next: number
}

/** Taken items are cut off now and then, not one by one. */
const CUT_OFF_AFTER = 1_024

export const newFifo = <Item>(): Fifo<Item> => ({ items: [], next: 0 })

export const countOf = ({ items, next }: Fifo<unknown>): number => items.length - next

/** @returns undefined when there is none. */
export function takeNext<Item>(fifo: Fifo<Item>): Item | undefined {
  if (countOf(fifo) === 0) return undefined
  const item = fifo.items[fifo.next++]!
  const isHalfTaken = fifo.next >= CUT_OFF_AFTER && fifo.next * 2 >= fifo.items.length
  if (isHalfTaken || countOf(fifo) === 0) {
    fifo.items = fifo.items.slice(fifo.next)
    fifo.next = 0
  }
  return item
}

/** Takes out those that are wanted, wherever they stand; the others keep their order. */
export function takeWanted<Item>(fifo: Fifo<Item>, isWanted: (item: Item) => boolean): Item[] {
  const waiting = fifo.items.slice(fifo.next)
  fifo.items = waiting.filter((item) => !isWanted(item))
  fifo.next = 0
  return fifo.items.length === waiting.length ? [] : waiting.filter(isWanted)
}
