import type { Ordering } from '#shared/facts/control.ts'
import { CHARACTERS, type Character } from './receivers.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'

/** Kinds of trouble; each seed has some of them. */
export const FAULT_NAMES = [
  'crash',
  'pause',
  'cut',
  'lost answers',
  'slow',
  'server crash',
  'server crash, consumers lost',
  'disk full',
  'double firing',
  'missing firing',
  'late firing',
  'redelivery',
  'database cut',
  'database down',
  'clock skew',
] as const
export type FaultName = (typeof FAULT_NAMES)[number]

/** Trouble begins within so long. */
export const TROUBLE_MS = 15_000
export const PAUSE_MAX_MS = 25_000
export const SKEW_MAX_MS = 5_000
export const APPLICATIONS = ['app', 'other']

/** What a seed is about. */
export interface Plan {
  random: SeededRandom
  faults: ReadonlySet<FaultName>
  eventCount: number
  characters: Map<string, Character>
  /** Of some subscriptions; the others take events in any order. */
  orderings: Map<string, Ordering>
}

/** Of the subscriptions. */
const ORDERED_SHARE = 0.3
const ORDERINGS: readonly Ordering[] = [
  { by: { type: 'subscription' }, onDeadLetter: 'pass' },
  { by: { type: 'label', name: 'k' }, onDeadLetter: 'pass' },
  { by: { type: 'label', name: 'k' }, onDeadLetter: 'block' },
]

/** @param wanted These faults instead of those that the seed would choose. */
export function planOf(seed: number, wanted: readonly FaultName[] | undefined): Plan {
  const random = seededRandom(seed)
  // One in ten runs is without trouble: nothing may be repeated there.
  const share = random.chance(0.1) ? 0 : random.pick([0.1, 0.25, 0.5])
  const chosen = FAULT_NAMES.filter(() => random.chance(share))
  const faults = new Set(wanted ?? chosen)
  const characters = new Map<string, Character>()
  const count = random.int(1, 4)
  for (let i = 0; i < count; i++) characters.set(idOf(random), random.pick(CHARACTERS))
  const orderings = new Map<string, Ordering>()
  for (const id of characters.keys()) if (random.chance(ORDERED_SHARE)) orderings.set(id, random.pick(ORDERINGS))
  return { random, faults, eventCount: random.int(5, 40), characters, orderings }
}

export function idOf(random: SeededRandom): string {
  const hex = Array.from({ length: 32 }, () => random.int(0, 15).toString(16)).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}
