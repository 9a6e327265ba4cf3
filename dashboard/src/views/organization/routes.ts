import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { organizationRoute } from '#dashboard/routing/parents.tsx'
import { textsOf } from '#dashboard/routing/search.ts'

export const organizationRoutes = [
  createRoute({
    getParentRoute: () => organizationRoute,
    path: 'applications',
    component: lazyRouteComponent(() => import('./applications.tsx'), 'Applications'),
  }),
  createRoute({
    getParentRoute: () => organizationRoute,
    path: 'members',
    component: lazyRouteComponent(() => import('./members.tsx'), 'Members'),
  }),
  createRoute({
    getParentRoute: () => organizationRoute,
    path: 'tokens',
    component: lazyRouteComponent(() => import('./service-tokens.tsx'), 'ServiceTokens'),
  }),
  createRoute({
    getParentRoute: () => organizationRoute,
    path: 'audit',
    validateSearch: textsOf('kind', 'action'),
    component: lazyRouteComponent(() => import('./audit-log.tsx'), 'AuditLog'),
  }),
  createRoute({
    getParentRoute: () => organizationRoute,
    path: 'usage',
    component: lazyRouteComponent(() => import('./usage.tsx'), 'Usage'),
  }),
] as const
