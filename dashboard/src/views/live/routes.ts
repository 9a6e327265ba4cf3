import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { applicationRoute } from '#dashboard/routing/parents.tsx'
import { textsOf } from '#dashboard/routing/search.ts'

export const liveRoutes = [
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'live',
    validateSearch: textsOf('type', 'subscription', 'kinds'),
    component: lazyRouteComponent(() => import('./live-tail.tsx'), 'LiveTail'),
  }),
] as const
