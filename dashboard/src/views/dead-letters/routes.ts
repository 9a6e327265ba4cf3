import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { applicationRoute } from '#dashboard/routing/parents.tsx'
import { textsOf } from '#dashboard/routing/search.ts'

export const deadLetterRoutes = [
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'dead-letters',
    validateSearch: textsOf(
      'view',
      'subscription',
      'cause',
      'status_code',
      'error',
      'type',
      'label',
      'status',
      'range',
    ),
    component: lazyRouteComponent(() => import('./dead-letters.tsx'), 'DeadLetters'),
  }),
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'dead-letters/$deliveryId',
    component: lazyRouteComponent(() => import('./dead-letter-detail.tsx'), 'DeadLetterDetail'),
  }),
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'jobs',
    component: lazyRouteComponent(() => import('./jobs.tsx'), 'Jobs'),
  }),
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'jobs/$kind/$jobId',
    component: lazyRouteComponent(() => import('./job-detail.tsx'), 'JobDetail'),
  }),
] as const
