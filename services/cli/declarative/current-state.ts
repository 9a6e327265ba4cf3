import type { EventTypeAnswer, SubscriptionAnswer } from '#shared/contract/schemas.ts'
import type { Application } from '../commands/apps.ts'
import { usageError } from '../exit-codes.ts'
import type { Session } from '../session.ts'
import type { CurrentApplication } from './plan.ts'

/**
 * What the application that is named has now. Without a name: the one that the command is about.
 * @throws {CliError} when a name isn't clear.
 */
export async function readCurrent(session: Session, name: string | null): Promise<CurrentApplication> {
  const { api } = session
  if (name === null) {
    const id = session.applicationId()
    const application = await api.call<Application>('GET', `/applications/${encodeURIComponent(id)}`)
    return { id, name: application.name, ...(await contentsOf(session, id)) }
  }
  const organization_id = await session.organizationId()
  const all = await api.list<Application>('/applications', { organization_id })
  const [found, ...others] = all.filter((application) => application.name === name)
  if (others.length > 0) throw usageError(`There are several applications named '${name}': rename all but one.`)
  if (found === undefined) return { id: null, name, eventTypes: [], subscriptions: [] }
  return { id: found.application_id, name, ...(await contentsOf(session, found.application_id)) }
}

async function contentsOf({ api }: Session, application_id: string) {
  const [eventTypes, subscriptions] = await Promise.all([
    api.list<EventTypeAnswer>('/event_types', { application_id }),
    api.list<SubscriptionAnswer>('/subscriptions', { application_id }),
  ])
  return { eventTypes, subscriptions: subscriptions.filter(({ metadata }) => metadata['jethook_listen'] === undefined) }
}
