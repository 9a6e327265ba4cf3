import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '#dashboard/routing/parents.tsx'

export const systemRoutes = [
  createRoute({
    getParentRoute: () => shellRoute,
    path: 'system',
    component: lazyRouteComponent(() => import('./system.tsx'), 'System'),
  }),
] as const
