import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { applicationRoute } from '#dashboard/routing/parents.tsx'
import { textsOf } from '#dashboard/routing/search.ts'

export const subscriptionRoutes = [
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'subscriptions',
    validateSearch: textsOf('q', 'type', 'state'),
    component: lazyRouteComponent(() => import('./subscriptions.tsx'), 'Subscriptions'),
  }),
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'subscriptions/new',
    component: lazyRouteComponent(() => import('./new-subscription.tsx'), 'NewSubscription'),
  }),
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'subscriptions/$subscriptionId',
    validateSearch: textsOf('tab'),
    component: lazyRouteComponent(() => import('./subscription-detail.tsx'), 'SubscriptionDetail'),
  }),
  createRoute({
    getParentRoute: () => applicationRoute,
    path: 'subscriptions/$subscriptionId/edit',
    component: lazyRouteComponent(() => import('./edit-subscription.tsx'), 'EditSubscription'),
  }),
] as const
