import { randomUUID } from 'node:crypto'
import { stampedPayload } from '../stamp.ts'
import { createJsonCaller, postTo, type Target, type TargetOptions } from './target.ts'

/** Convoy's public API, an outgoing project. `--application`: the project's id; `--token`: its API key. */
export function createConvoyTarget({ url, token, application }: TargetOptions): Target {
  if (application === '') throw new Error("Convoy needs --application, the project's id.")
  const base = `${url}/api/v1/projects/${encodeURIComponent(application)}`
  const headers = { authorization: `Bearer ${token}` }
  const call = createJsonCaller(base, headers)
  /** Endpoints of one owner get the same events. */
  const ownerId = `bench-${randomUUID()}`
  return {
    name: 'convoy',
    async subscribe(eventType, urls) {
      for (const [i, each] of urls.entries()) {
        const name = `${ownerId}-${eventType}-${i}`
        const { data } = await call<{ data: { uid: string } }>('/endpoints', {
          name,
          description: 'Of a benchmark',
          url: each,
          owner_id: ownerId,
        })
        await call('/subscriptions', {
          name,
          endpoint_id: data.uid,
          filter_config: { event_types: [eventType] },
        })
      }
    },
    eventRequest: (eventType, payloadBytes) =>
      postTo(base, '/events/fanout', headers, {
        owner_id: ownerId,
        event_type: eventType,
        data: stampedPayload(payloadBytes),
      }),
  }
}
