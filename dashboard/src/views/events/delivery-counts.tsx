import { State, type Tone } from '#dashboard/shared/state.tsx'

interface Counts {
  pending: number
  succeeded: number
  dead_lettered: number
  cancelled: number
}

const PARTS: [keyof Counts, Tone, string][] = [
  ['dead_lettered', 'bad', 'dead'],
  ['pending', 'wait', 'under way'],
  ['succeeded', 'ok', 'delivered'],
  ['cancelled', 'off', 'cancelled'],
]

/** How the deliveries of an event stand; what needs somebody comes first. */
export function DeliveryCounts({ counts }: { counts: Counts | undefined }) {
  if (!counts) return null
  const there = PARTS.filter(([name]) => counts[name] > 0)
  if (there.length === 0) return <State tone="off">none</State>
  return (
    <span style={{ display: 'inline-flex', gap: 12 }}>
      {there.map(([name, tone, word]) => (
        <State key={name} tone={tone}>
          {there.length === 1 && counts[name] === 1
            ? word.charAt(0).toUpperCase() + word.slice(1)
            : `${counts[name]} ${word}`}
        </State>
      ))}
    </span>
  )
}
