import { stampedPayload } from '../stamp.ts'
import { createJsonCaller, postTo, type Target, type TargetOptions } from './target.ts'

/** Hook0's API (contract/api.json), and so jethook's. `--application`: the application's id; `--token`: of a service or secret. */
export function createHook0Target({ url, token, application }: TargetOptions): Target {
  const base = /\/api\/v\d+$/.test(url) ? url : `${url}/api/v1`
  const headers = { authorization: `Bearer ${token}` }
  const call = createJsonCaller(base, headers)
  const application_id = application
  return {
    name: 'hook0',
    async subscribe(eventType, urls) {
      const [service, resource_type, verb] = eventType.split('.')
      await call('/event_types', { application_id, service, resource_type, verb })
      for (const each of urls) {
        await call('/subscriptions', {
          application_id,
          is_enabled: true,
          event_types: [eventType],
          labels: { all: 'yes' },
          target: { type: 'http', method: 'POST', url: each, headers: {} },
        })
      }
    },
    eventRequest: (eventType, payloadBytes) =>
      postTo(base, '/event', headers, {
        application_id,
        event_type: eventType,
        payload: JSON.stringify(stampedPayload(payloadBytes)),
        payload_content_type: 'application/json',
        occurred_at: '2026-01-01T00:00:00Z',
        labels: { all: 'yes' },
      }),
  }
}
