import { createParser } from 'eventsource-parser'
import type { ApiClient } from '../api-client.ts'
import type { LiveFilter, LiveListener, LiveRow } from './live-row.ts'

const KINDS = new Set<string>(['accepted', 'attempted', 'dead'])

/** Reads the server's stream of what happens until it ends. */
export async function readLive(api: ApiClient, filter: LiveFilter, listener: LiveListener): Promise<void> {
  const response = await api.open('GET', '/live', { query: { ...filter }, accept: 'text/event-stream' })
  const parser = createParser({
    onEvent({ event = '', data }) {
      if (event === 'skipped') listener.onSkipped((JSON.parse(data) as { count: number }).count)
      // A later server may tell of more.
      else if (KINDS.has(event))
        listener.onRow({ kind: event as LiveRow['kind'], ...(JSON.parse(data) as Omit<LiveRow, 'kind'>) })
    },
  })
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) parser.feed(decoder.decode(chunk, { stream: true }))
}
