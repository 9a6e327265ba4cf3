import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { applicationRoute } from '#dashboard/routing/parents.tsx'

export const replayRoutes = [
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'replays',
    component: lazyRouteComponent(() => import('./replays.tsx'), 'Replays'),
  }),
] as const
