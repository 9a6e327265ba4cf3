import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { applicationRoute } from '#dashboard/routing/parents.tsx'
import { textsOf } from '#dashboard/routing/search.ts'

export const eventRoutes = [
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'events',
    validateSearch: textsOf('q', 'type', 'status', 'label', 'range'),
    component: lazyRouteComponent(() => import('./events.tsx'), 'Events'),
  }),
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'events/$eventId',
    validateSearch: textsOf('delivery', 'attempt'),
    component: lazyRouteComponent(() => import('./event-detail.tsx'), 'EventDetail'),
  }),
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'attempts',
    validateSearch: textsOf('outcome', 'subscription', 'type', 'range'),
    component: lazyRouteComponent(() => import('./attempts.tsx'), 'Attempts'),
  }),
] as const
