import { startStack } from '#test/support/stack.ts'
const s = await startStack({ APPEND_TIMEOUT_MS: '700', READ_YOUR_WRITES_TIMEOUT_MS: '300', SHUTDOWN_TIMEOUT_MS: '1000', LOG_LEVEL:'info' })
const t0=performance.now(); const log=(...a:unknown[])=>console.log((performance.now()-t0).toFixed(0),...a)
const { api, servers, credentials } = s
await api.createEventType(); const id = await api.send(); log('sent')
await servers.nats?.kill(); log('killed')
log((await api.call('POST','/event',api.eventPost())).status)
log((await api.createEventType('a.b.d')).status)
const g=await api.call('GET',`/events?application_id=${credentials.application_id}`); log(g.status,g.headers.get('jethook-read-model'))
log((await api.call('GET',`/events/${id}?application_id=${credentials.application_id}`)).status)
await s.close(); log('closed')
