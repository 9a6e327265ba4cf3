import { CloseButton, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import classes from './filters.module.css'

const TYPING_PAUSE_MS = 300

/** Changes filters in the address of the view, so that it can be bookmarked and sent to others. */
export function useFilters(): (patch: Record<string, string | undefined>) => void {
  const navigate = useNavigate()
  return (patch) =>
    void navigate({
      to: '.',
      search: ((before: Record<string, unknown>) => ({ ...before, ...patch })) as never,
      replace: true,
      resetScroll: false,
    })
}

export function FilterBar({ children }: { children: ReactNode }) {
  return (
    <search className={classes.bar} aria-label="Filters">
      {children}
    </search>
  )
}

interface TextFilterProps {
  label: string
  placeholder: string
  value: string | undefined
  onChange: (value: string | undefined) => void
  isWide?: boolean
}

/** Applies what is typed after a pause, or at once with Enter. */
export function TextFilter({ label, placeholder, value, onChange, isWide }: TextFilterProps) {
  const [text, setText] = useState(value ?? '')
  useEffect(() => setText(value ?? ''), [value])
  const apply = (next: string) => onChange(next.trim() === '' ? undefined : next.trim())
  const clear = () => {
    setText('')
    apply('')
  }
  const applyLater = useDebouncedCallback(apply, TYPING_PAUSE_MS)
  return (
    <TextInput
      className={isWide ? classes.wide! : classes.narrow!}
      aria-label={label}
      placeholder={placeholder}
      leftSection={<Search size={14} />}
      rightSection={text !== '' && <CloseButton size="xs" aria-label={`Clear ${label}`} onClick={clear} />}
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value)
        applyLater(currentTarget.value)
      }}
      onKeyDown={({ key }) => key === 'Enter' && apply(text)}
    />
  )
}

interface ChoiceFilterProps {
  label: string
  /** What stands there while nothing is chosen: "Any status". */
  any: string
  value: string | undefined
  choices: { value: string; label: string }[]
  onChange: (value: string | undefined) => void
  isSearchable?: boolean
}

export function ChoiceFilter({ label, any, value, choices, onChange, isSearchable = false }: ChoiceFilterProps) {
  return (
    <Select
      className={classes.choice!}
      aria-label={label}
      placeholder={any}
      data={choices}
      value={value ?? null}
      onChange={(next) => onChange(next ?? undefined)}
      clearable
      searchable={isSearchable}
    />
  )
}

const RANGES = [
  { value: '15m', label: 'Last 15 minutes', ms: 900_000 },
  { value: '1h', label: 'Last hour', ms: 3_600_000 },
  { value: '6h', label: 'Last 6 hours', ms: 21_600_000 },
  { value: '24h', label: 'Last 24 hours', ms: 86_400_000 },
  { value: '7d', label: 'Last 7 days', ms: 604_800_000 },
  { value: '30d', label: 'Last 30 days', ms: 2_592_000_000 },
]

export function RangeFilter({
  value,
  onChange,
}: {
  value: string | undefined
  onChange: (value: string | undefined) => void
}) {
  return <ChoiceFilter label="Time range" any="Any time" value={value} choices={RANGES} onChange={onChange} />
}

/** Where a range such as '24h' begins, counted from now; undefined for none. */
export function startOfRange(range: string | undefined, nowMs = Date.now()): string | undefined {
  const ms = rangeMs(range)
  return ms === undefined ? undefined : new Date(nowMs - ms).toISOString()
}

export function rangeMs(range: string | undefined): number | undefined {
  return RANGES.find(({ value }) => value === range)?.ms
}
