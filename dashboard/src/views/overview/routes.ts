import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { applicationRoute } from '#dashboard/routing/parents.tsx'
import { textsOf } from '#dashboard/routing/search.ts'

export const overviewRoutes = [
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'overview',
    validateSearch: textsOf('range'),
    component: lazyRouteComponent(() => import('./overview.tsx'), 'Overview'),
  }),
] as const
