import { randomUUID } from 'node:crypto'
import { stampedPayload } from '../stamp.ts'
import { createJsonCaller, postTo, type Target, type TargetOptions } from './target.ts'

/** Svix' public API. `--application`: the uid of an application; left out: a new one is made. */
export function createSvixTarget({ url, token, application }: TargetOptions): Target {
  const base = `${url}/api/v1`
  const headers = { authorization: `Bearer ${token}` }
  const call = createJsonCaller(base, headers)
  const uid = application === '' ? `bench-${randomUUID()}` : application
  const app = `/app/${encodeURIComponent(uid)}`
  let isMade = application !== ''
  return {
    name: 'svix',
    async subscribe(eventType, urls) {
      if (!isMade) await call('/app', { name: 'Benchmark', uid })
      isMade = true
      await call(`/event-type/${encodeURIComponent(eventType)}`, { description: 'Of a benchmark' }, 'PUT')
      for (const each of urls) await call(`${app}/endpoint`, { url: each, filterTypes: [eventType] })
    },
    eventRequest: (eventType, payloadBytes) =>
      postTo(base, `${app}/msg`, headers, { eventType, payload: stampedPayload(payloadBytes) }),
  }
}
