import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '#dashboard/routing/parents.tsx'

export const homeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  component: lazyRouteComponent(() => import('./home.tsx'), 'Home'),
})
