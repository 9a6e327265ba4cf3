import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { applicationRoute } from '#dashboard/routing/parents.tsx'
import { textsOf } from '#dashboard/routing/search.ts'

export const eventTypeRoutes = [
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'event-types',
    validateSearch: textsOf('prefix'),
    component: lazyRouteComponent(() => import('./event-types.tsx'), 'EventTypes'),
  }),
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'event-types/new',
    component: lazyRouteComponent(() => import('./new-event-type.tsx'), 'NewEventType'),
  }),
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'event-types/$name',
    component: lazyRouteComponent(() => import('./event-type-detail.tsx'), 'EventTypeDetail'),
  }),
] as const
