import { hash } from 'node:crypto'
import type { Ordering } from '../facts/control.ts'

const KEY_CHARACTERS = 20

/** What an event holds that may be asked for: its labels and, when it is JSON, its payload. */
export interface OrderedDocument {
  readonly labels: Record<string, string>
  readonly payload: unknown
}

/**
 * What a delivery is in order with, as one token of a subject: deliveries of one subscription with the same key are made one
 * after the other. Events that lack the label or field are in order with each other.
 */
export function orderKeyOf(ordering: Ordering, from: OrderedDocument): string {
  return hash('sha1', JSON.stringify(orderedValue(ordering.by, from)) ?? 'nothing', 'hex').slice(0, KEY_CHARACTERS)
}

function orderedValue(by: Ordering['by'], { labels, payload }: OrderedDocument): unknown {
  switch (by.type) {
    case 'subscription':
      return 'all'
    case 'label':
      return Object.hasOwn(labels, by.name) ? labels[by.name] : undefined
    case 'field':
      return by.path === 'payload' ? payload : fieldOf(payload, by.path)
  }
}

/** The value under a dotted path of names; array places count as names. */
function fieldOf(value: unknown, path: string): unknown {
  let found = value
  for (const name of path.replace(/^payload\./, '').split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as Record<string, unknown>)[name]
  }
  return found
}
