import { AppShell, Burger } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { session } from '#dashboard/api/session.ts'
import { useStore } from '#dashboard/api/store.ts'
import { ConnectionBanner } from './connection-banner.tsx'
import { Logo } from './logo.tsx'
import { Navigation } from './navigation.tsx'
import { PaletteButton, PaletteLoader } from './palette-loader.tsx'
import classes from './shell.module.css'

/** The frame of every view: navigation beside it, or above where the window is narrow. */
export function Shell() {
  const [isOpen, { toggle, close }] = useDisclosure()
  const { href } = useLocation()
  useLeaveWhenSignedOut()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another address closes the drawer
  useEffect(close, [href])
  return (
    <AppShell
      header={{ height: { base: 48, sm: 0 } }}
      navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      transitionDuration={0}
    >
      <a href="#main" className={classes.skip}>
        Skip to the content
      </a>
      <AppShell.Header hiddenFrom="sm" className={classes.header!}>
        <Burger
          opened={isOpen}
          onClick={toggle}
          size="sm"
          aria-label={isOpen ? 'Close navigation' : 'Open navigation'}
        />
        <Logo />
        <PaletteButton isIcon />
      </AppShell.Header>
      <AppShell.Navbar className={classes.side!}>
        <Navigation />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} className={classes.main!}>
        <ConnectionBanner />
        <Outlet />
      </AppShell.Main>
      <PaletteLoader />
    </AppShell>
  )
}

/** A session that has ended leads to the sign-in, and from there back to here. */
function useLeaveWhenSignedOut(): void {
  const navigate = useNavigate()
  const { href } = useLocation()
  const isSignedIn = useStore(session) !== null
  useEffect(() => {
    // On the way out the address is the sign-in's already.
    if (isSignedIn || href.startsWith('/sign-in')) return
    void navigate({ to: '/sign-in', search: href === '/' ? {} : { next: href }, replace: true })
  }, [isSignedIn, href, navigate])
}
