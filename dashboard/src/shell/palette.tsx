import { Spotlight, type SpotlightActionData, spotlight } from '@mantine/spotlight'
import { Search } from 'lucide-react'
import { useEffect, useState } from 'react'
import { usePaletteCommands } from './palette-commands.tsx'
import { usePaletteHits } from './palette-hits.tsx'

/** Everything that can be found or done, by typing. */
export function Palette({ calls }: { calls: number }) {
  const [query, setQuery] = useState('')
  const hits = usePaletteHits(query)
  const commands = usePaletteCommands()
  // biome-ignore lint/correctness/useExhaustiveDependencies: each call opens it anew
  useEffect(() => spotlight.open(), [calls])
  const words = query.toLowerCase().split(/\s+/)
  const matches = ({ label, description }: SpotlightActionData) =>
    words.every((word) => `${label} ${description ?? ''}`.toLowerCase().includes(word))
  return (
    <Spotlight
      actions={[...hits, ...commands.filter(matches)]}
      filter={(_, actions) => actions}
      query={query}
      onQueryChange={setQuery}
      nothingFound="Nothing found"
      shortcut={null}
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <Search size={16} />,
        placeholder: 'Event id, type, label, URL, error …',
        'aria-label': 'Search and commands',
      }}
    />
  )
}
