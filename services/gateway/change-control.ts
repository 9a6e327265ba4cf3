import { ProblemError } from '#shared/contract/problems.ts'
import { type ControlFact, controlSubject } from '#shared/facts/control.ts'
import { AppendConflictError } from '#shared/runtime/appender.ts'
import type { RouteDependencies } from './dependencies.ts'

const FOLD_WAIT_MS = 5_000
const TRIES_MAX = 10

/**
 * Writes a thing's next state, worked out from its latest one, and waits until this gateway sees it. When somebody
 * else was faster it is worked out anew from what they wrote.
 * @param decide From the thing's place in CONTROL (0: it is new) to its next state, or null when there is nothing to do.
 * @throws {ProblemError} ServiceUnavailable when others are faster again and again.
 */
export async function changeControl<Fact extends ControlFact>(
  { appenders, controlReader, freshRegistry, logger }: RouteDependencies,
  decide: () => { fact: Fact; seq: number } | null,
): Promise<{ fact: Fact; seq: number } | null> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    await freshRegistry.catchUp()
    const decided = decide()
    if (decided === null) return null
    const { fact, seq: expectLastSubjectSeq } = decided
    try {
      const { seq } = await appenders.control.append({
        subject: controlSubject(fact),
        body: JSON.stringify(fact),
        expectLastSubjectSeq,
      })
      // The change is made, whether this gateway has read it yet or not: to answer an error would invite a second one.
      if (!(await controlReader.waitFor(seq, FOLD_WAIT_MS))) logger.warn({ seq }, 'an own change is not read back yet')
      return { fact, seq }
    } catch (error) {
      if (!(error instanceof AppendConflictError)) throw error
    }
  }
  throw new ProblemError('ServiceUnavailable', { detail: 'Too many changes at once; try again.' })
}
