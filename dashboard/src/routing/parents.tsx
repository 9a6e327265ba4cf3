import { createRootRoute, createRoute, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router'
import { session } from '#dashboard/api/session.ts'
import { textsOf } from './search.ts'

/** Addresses that others stand below. Each view's own stand beside the view, in its `routes.ts`. */

export const rootRoute = createRootRoute({ component: Outlet })

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: textsOf('next'),
  component: lazyRouteComponent(() => import('#dashboard/session/sign-in.tsx'), 'SignIn'),
})

export const enterRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/enter',
  component: lazyRouteComponent(() => import('#dashboard/session/enter.tsx'), 'Enter'),
})

/** Whoever is not signed in comes back here afterwards. */
export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  beforeLoad: ({ location }) => {
    if (session.get() === null)
      throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } })
  },
  component: lazyRouteComponent(() => import('#dashboard/shell/shell.tsx'), 'Shell'),
})

export const applicationRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/apps/$applicationId',
  component: lazyRouteComponent(() => import('#dashboard/shell/application-frame.tsx'), 'ApplicationFrame'),
})

export const organizationRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/orgs/$organizationId',
})
