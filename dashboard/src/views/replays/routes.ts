import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { applicationRoute } from '#dashboard/routing/parents.tsx'
import { textsOf } from '#dashboard/routing/search.ts'

export const replayRoutes = [
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'replays',
    validateSearch: textsOf('make'),
    component: lazyRouteComponent(() => import('./replays.tsx'), 'Replays'),
  }),
] as const
