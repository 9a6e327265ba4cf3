import type { Credentials } from '#scripts/start/credentials.ts'
import type { Load } from './processes.ts'

/** Makes sure that the event type exists, and subscribes `targetUrl` to it. @returns the new subscription's id. */
export async function prepareApplication(
  credentials: Credentials,
  eventType: string,
  targetUrl: string | null,
): Promise<void> {
  const { api_url, application_id, service_token } = credentials
  const [service, resource_type, verb] = eventType.split('.')
  const call = async (path: string, body: unknown) => {
    const response = await fetch(api_url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${service_token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${await response.text()}`)
  }
  await call('/event_types', { application_id, service, resource_type, verb })
  if (targetUrl === null) return
  await call('/subscriptions', {
    application_id,
    is_enabled: true,
    event_types: [eventType],
    labels: { all: 'yes' },
    target: { type: 'http', method: 'POST', url: targetUrl, headers: {} },
  })
}

const PAYLOAD_BYTES = 1024

/** POST /event with a payload of 1 KiB. */
export function eventLoad(
  credentials: Credentials,
  eventType: string,
  { connections, total }: { connections: number; total: number },
): Load {
  const url = new URL(credentials.api_url)
  const payload = JSON.stringify({ filler: 'x'.repeat(PAYLOAD_BYTES - 13) })
  return {
    origin: url.origin,
    path: `${url.pathname}/event`,
    headers: { authorization: `Bearer ${credentials.service_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      application_id: credentials.application_id,
      event_type: eventType,
      payload,
      payload_content_type: 'application/json',
      occurred_at: '2026-01-01T00:00:00Z',
      labels: { all: 'yes' },
    }),
    connections,
    total,
  }
}
