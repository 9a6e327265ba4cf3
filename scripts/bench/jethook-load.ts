import type { Credentials } from '#scripts/start/credentials.ts'
import type { Load } from './processes.ts'
import { stampedPayload } from './stamp.ts'
import { createHook0Target } from './targets/hook0.ts'
import { createJsonCaller, type Target } from './targets/target.ts'

const PAYLOAD_BYTES = 1024

/** jethook is driven by the API that it has in common with Hook0. */
export function jethookTarget({ api_url, service_token, application_id }: Credentials): Target {
  return { ...createHook0Target({ url: api_url, token: service_token, application: application_id }), name: 'jethook' }
}

/** Calls jethook's API for the application. */
export function createCall({ api_url, application_id, service_token }: Credentials) {
  const call = createJsonCaller(api_url, { authorization: `Bearer ${service_token}` })
  return <Answer = Record<string, unknown>>(path: string, body?: Record<string, unknown>): Promise<Answer> =>
    body === undefined ? call<Answer>(path) : call<Answer>(path, { application_id, ...body })
}

/** Makes sure that the event type exists, and subscribes `targetUrl` to it. */
export async function prepareApplication(
  credentials: Credentials,
  eventType: string,
  targetUrl: string | null,
): Promise<void> {
  await jethookTarget(credentials).subscribe(eventType, targetUrl === null ? [] : [targetUrl])
}

/** POST /event with a payload of 1 KiB. */
export function eventLoad(
  credentials: Credentials,
  eventType: string,
  { connections, total }: { connections: number; total: number },
): Load {
  return { ...jethookTarget(credentials).eventRequest(eventType, PAYLOAD_BYTES), connections, total }
}

/** POST /events/batch with so many events of 1 KiB. */
export function batchLoad(
  credentials: Credentials,
  eventType: string,
  { batch, ...more }: { batch: number } & Omit<Load, 'origin' | 'path' | 'headers' | 'body'>,
): Load {
  const { application_id } = credentials
  const url = new URL(`${credentials.api_url}/events/batch`)
  return {
    origin: url.origin,
    path: url.pathname,
    headers: { authorization: `Bearer ${credentials.service_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ application_id, events: Array(batch).fill(eventOf(eventType, { all: 'yes' })) }),
    ...more,
  }
}

/** An event as `POST /events/batch` takes it, 1 KiB. */
export function eventOf(eventType: string, labels: Record<string, string>) {
  return {
    event_type: eventType,
    payload: JSON.stringify(stampedPayload(PAYLOAD_BYTES)),
    payload_content_type: 'application/json',
    occurred_at: '2026-01-01T00:00:00Z',
    labels,
  }
}
