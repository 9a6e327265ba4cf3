import type { IngestedEvent } from '#shared/contract/schemas.ts'
import type { EventAccepted } from '#shared/facts/event.ts'
import { timeText } from './time.ts'

export function presentIngested({ applicationId, eventId, receivedAtMs }: EventAccepted): IngestedEvent {
  return { application_id: applicationId, event_id: eventId, received_at: timeText(receivedAtMs) }
}
