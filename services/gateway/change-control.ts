import { ProblemError } from '#shared/contract/problems.ts'
import { type ControlFact, controlSubject } from '#shared/facts/control.ts'
import { AppendConflictError } from '#shared/runtime/appender.ts'
import type { RouteDependencies } from './dependencies.ts'

const FOLD_WAIT_MS = 5_000
const TRIES_MAX = 10

/** A thing's next state, and the CONTROL sequence of the state that it was worked out from (0: it is new). */
export interface Change<Fact extends ControlFact = ControlFact> {
  fact: Fact
  seq: number
}

export interface ChangeOptions {
  /**
   * When somebody else was faster: work it out anew from what they wrote (what is asked for holds whatever the state
   * was), or refuse (409: the caller has to look at the other change first).
   */
  onConflict?: 'decide again' | 'refuse'
}

type ChangeDependencies = Pick<RouteDependencies, 'appenders' | 'controlReader' | 'freshRegistry' | 'logger'>

/**
 * Writes a thing's next state, worked out from its latest one, and waits until this gateway sees it.
 * @param decide From the thing's place in CONTROL to its next state, or null when there is nothing to do.
 * @returns the state and its place.
 * @throws {ProblemError} Conflict, or ServiceUnavailable when others are faster again and again.
 */
export async function changeControl<Fact extends ControlFact>(
  deps: ChangeDependencies,
  decide: () => Change<Fact> | null,
  options: ChangeOptions = {},
): Promise<Change<Fact> | null> {
  let decided: Change<Fact> | null = null
  const seq = await changeSeveral(
    deps,
    () => {
      decided = decide()
      return decided === null ? [] : [decided]
    },
    options,
  )
  // The assignment happens in a function: the compiler can't follow it.
  const changed = decided as Change<Fact> | null
  return changed === null ? null : { fact: changed.fact, seq }
}

/**
 * The same for several things at once: all of the changes are made, or none.
 * @returns the place of the last one; 0 when there was nothing to do.
 */
export async function changeSeveral(
  { appenders, controlReader, freshRegistry, logger }: ChangeDependencies,
  decide: () => readonly Change[],
  { onConflict = 'decide again' }: ChangeOptions = {},
): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    await freshRegistry.catchUp()
    const changes = decide()
    if (changes.length === 0) return 0
    try {
      const { seq } = await appenders.control.appendGroup(
        changes.map(({ fact, seq: expectLastSubjectSeq }) => ({
          subject: controlSubject(fact),
          body: JSON.stringify(fact),
          expectLastSubjectSeq,
        })),
      )
      // The change is made, whether this gateway has read it yet or not: to answer an error would invite a second one.
      if (!(await controlReader.waitFor(seq, FOLD_WAIT_MS))) logger.warn({ seq }, 'an own change is not read back yet')
      return seq
    } catch (error) {
      if (!(error instanceof AppendConflictError)) throw error
      if (onConflict === 'refuse') throw new ProblemError('Conflict')
    }
  }
  throw new ProblemError('ServiceUnavailable', { detail: 'Too many changes at once; try again.' })
}
