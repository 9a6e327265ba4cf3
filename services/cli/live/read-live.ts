import { createParser } from 'eventsource-parser'
import { LIVE_KINDS, type LiveKind, type LiveRow } from '#shared/contract/live-schemas.ts'
import type { ApiClient } from '../api-client.ts'
import type { LiveFilter, LiveListener } from './live-row.ts'

/** Reads the server's stream of what happens until it ends. */
export async function readLive(api: ApiClient, filter: LiveFilter, listener: LiveListener): Promise<void> {
  const response = await api.open('GET', '/live', { query: { ...filter }, accept: 'text/event-stream' })
  const parser = createParser({
    onEvent({ event = '', data }) {
      if (event === 'skipped') listener.onSkipped((JSON.parse(data) as { count: number }).count)
      else if (event === 'ended') listener.onEnded((JSON.parse(data) as { reason: string }).reason)
      // A later server may tell of more.
      else if (isKind(event)) listener.onRow({ kind: event, ...(JSON.parse(data) as LiveRow) })
    },
  })
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) parser.feed(decoder.decode(chunk, { stream: true }))
}

function isKind(event: string): event is LiveKind {
  return (LIVE_KINDS as readonly string[]).includes(event)
}
