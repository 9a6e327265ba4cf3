import { type ActionAsked, type Actor, controlSubject } from '#shared/facts/control.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'

export type RecordAction = (
  asked: Pick<ActionAsked, 'action' | 'resourceKind' | 'resourceId'>,
  of: { applicationId: string; organizationId: string },
  by: Actor,
) => Promise<void>

/** Of each the last few are kept: far more in all than are asked for before they are copied to AUDIT. */
const SLOTS = 32

/** Has an action stand in the audit log: on disk when it resolves, which is before anything is done. */
export function createRecordAction({ control, clock }: { control: Appender; clock: Clock }): RecordAction {
  let slot = 0
  /** One after the other, so that a batch of them never holds more than CONTROL keeps. */
  let turn: Promise<unknown> = Promise.resolve()

  async function append(...[asked, of, by]: Parameters<RecordAction>): Promise<void> {
    slot = (slot + 1) % SLOTS
    const { applicationId, organizationId } = of
    const changed = { changedAtMs: clock.nowMs(), changedBy: by }
    const fact: ActionAsked = { v: 1, type: 'action', applicationId, organizationId, slot, ...asked, ...changed }
    await control.append({ subject: controlSubject(fact), body: JSON.stringify(fact) })
  }

  return (...args) => {
    const done = turn.then(() => append(...args))
    turn = done.catch(() => {})
    return done
  }
}
