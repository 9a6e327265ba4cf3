import type { SpotlightActionData } from '@mantine/spotlight'

/** What the server finds for a text: events, types, subscriptions, attempts, dead letters. */
export function usePaletteHits(_query: string): SpotlightActionData[] {
  return []
}
