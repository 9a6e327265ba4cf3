import { ActionIcon, Kbd, UnstyledButton } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { Search } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { createStore, useStore } from '#dashboard/api/store.ts'
import classes from './palette-loader.module.css'

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }))

/** How often the palette was asked for: it is loaded with the first time, and opens with each. */
export const paletteCalls = createStore(0)

export function openPalette(): void {
  paletteCalls.set(paletteCalls.get() + 1)
}

const isMac = /Mac|iPhone|iPad/.test(navigator.platform)

export function PaletteButton({ isIcon = false }: { isIcon?: boolean }) {
  if (isIcon)
    return (
      <ActionIcon variant="subtle" size={32} aria-label="Search and commands" onClick={openPalette}>
        <Search size={18} />
      </ActionIcon>
    )
  return (
    <UnstyledButton className={classes.button!} onClick={openPalette}>
      <Search size={14} aria-hidden />
      <span className={classes.label}>Search …</span>
      <Kbd size="xs">{isMac ? '⌘' : 'Ctrl'} K</Kbd>
    </UnstyledButton>
  )
}

export function PaletteLoader() {
  const calls = useStore(paletteCalls)
  useHotkeys([['mod+K', openPalette]], [])
  if (calls === 0) return null
  return (
    <Suspense>
      <Palette calls={calls} />
    </Suspense>
  )
}
