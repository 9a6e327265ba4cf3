import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { applicationRoute } from '#dashboard/routing/parents.tsx'
import { textsOf } from '#dashboard/routing/search.ts'

export const sendRoutes = [
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'send',
    validateSearch: textsOf('type'),
    component: lazyRouteComponent(() => import('./send-event.tsx'), 'SendEvent'),
  }),
] as const
