import { randomUUID } from 'node:crypto'
import { stampedPayload } from '../stamp.ts'
import { createJsonCaller, postTo, type Target, type TargetOptions } from './target.ts'

/** Outpost's public API. `--token`: its API key; `--application`: a tenant's id; left out: a new one is made. */
export function createOutpostTarget({ url, token, application }: TargetOptions): Target {
  const base = `${url}/api/v1`
  const headers = { authorization: `Bearer ${token}` }
  const call = createJsonCaller(base, headers)
  const tenantId = application === '' ? `bench-${randomUUID()}` : application
  const tenant = `/tenants/${encodeURIComponent(tenantId)}`
  return {
    name: 'outpost',
    async subscribe(eventType, urls) {
      await call(tenant, {}, 'PUT')
      for (const each of urls)
        await call(`${tenant}/destinations`, { type: 'webhook', topics: [eventType], config: { url: each } })
    },
    eventRequest: (eventType, payloadBytes) =>
      postTo(base, '/publish', headers, {
        tenant_id: tenantId,
        topic: eventType,
        eligible_for_fanout: true,
        data: stampedPayload(payloadBytes),
      }),
  }
}
