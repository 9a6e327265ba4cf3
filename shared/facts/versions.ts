/** A fact as it was stored. */
interface StoredFact {
  v: number
  type: string
}

/** Brings a fact of one version to the next. */
type Upcast = (fact: never) => StoredFact

/**
 * By kind: the steps from version 1 to 2, from 2 to 3, and so on. A kind that is not named is in its first version. A field that
 * may be absent needs no step and no version: docs/upgrades.md says when one is due.
 */
export type Upcasters = Readonly<Record<string, readonly Upcast[]>>

/**
 * The fact in today's version of its kind.
 * @throws {Error} when it is of a version that this release doesn't know: a later one has written it.
 */
export function upcast<Fact extends StoredFact>(stream: string, stored: StoredFact, upcasters: Upcasters): Fact {
  const steps = Object.hasOwn(upcasters, stored.type) ? upcasters[stored.type]! : []
  const today = steps.length + 1
  if (!Number.isInteger(stored.v) || stored.v < 1 || stored.v > today)
    throw new Error(
      `${stream} holds a fact of the kind ${String(stored.type)} in the unknown version ${String(stored.v)}; this release knows up to ${today}`,
    )
  let fact = stored
  for (const step of steps.slice(stored.v - 1)) fact = step(fact as never)
  return fact as Fact
}
