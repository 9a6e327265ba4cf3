import type { Application } from '../commands/apps.ts'
import { partsOfName } from '../commands/types.ts'
import type { Session } from '../session.ts'
import type { ApplicationPlan, EventTypeStep, Step, SubscriptionStep } from './plan.ts'
import { showPlans, stepLines } from './plan-text.ts'

/** Does all steps, one after the other, and tells of each. What was done stays done when a later one fails. */
export async function carryOutPlans(session: Session, plans: readonly ApplicationPlan[]): Promise<void> {
  const { output } = session
  let count = 0
  for (const plan of plans)
    await carryOut(session, plan, (step) => {
      count++
      for (const line of stepLines(step, plan, output)) output.say(line)
    })
  if (output.format !== 'table') showPlans(output, plans)
  else output.say(count === 1 ? '1 change was made.' : `${count} changes were made.`)
}

async function carryOut(
  session: Session,
  { application, steps }: ApplicationPlan,
  onDone: (step: Step) => void,
): Promise<void> {
  let application_id = application.id
  for (const step of steps) {
    if (step.resource === 'application') {
      const body = { organization_id: await session.organizationId(), name: step.name }
      application_id = (await session.api.call<Application>('POST', '/applications', { body })).application_id
    } else if (step.resource === 'event_type') await changeEventType(session, application_id!, step)
    else await changeSubscription(session, application_id!, step)
    onDone(step)
  }
}

async function changeEventType(
  { api }: Session,
  application_id: string,
  { action, name, schema }: EventTypeStep,
): Promise<void> {
  if (action === 'delete') {
    await api.call('DELETE', `/event_types/${encodeURIComponent(name)}`, { query: { application_id } })
    return
  }
  await api.call('POST', '/event_types', { body: { application_id, ...partsOfName(name), schema } })
}

async function changeSubscription(
  { api }: Session,
  application_id: string,
  { action, id, wanted }: SubscriptionStep,
): Promise<void> {
  const path = `/subscriptions/${id}`
  if (action === 'delete') await api.call('DELETE', path, { query: { application_id } })
  else if (action === 'update') await api.call('PUT', path, { body: { application_id, ...wanted } })
  else await api.call('POST', '/subscriptions', { body: { application_id, ...wanted } })
}
