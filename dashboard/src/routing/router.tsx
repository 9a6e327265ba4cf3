import { createRouter } from '@tanstack/react-router'
import { NotFound, ViewFailed } from '#dashboard/shell/route-states.tsx'
import { deadLetterRoutes } from '#dashboard/views/dead-letters/routes.ts'
import { eventTypeRoutes } from '#dashboard/views/event-types/routes.ts'
import { eventRoutes } from '#dashboard/views/events/routes.ts'
import { homeRoute } from '#dashboard/views/home/routes.ts'
import { liveRoutes } from '#dashboard/views/live/routes.ts'
import { organizationRoutes } from '#dashboard/views/organization/routes.ts'
import { overviewRoutes } from '#dashboard/views/overview/routes.ts'
import { replayRoutes } from '#dashboard/views/replays/routes.ts'
import { sendRoutes } from '#dashboard/views/send/routes.ts'
import { subscriptionRoutes } from '#dashboard/views/subscriptions/routes.ts'
import { systemRoutes } from '#dashboard/views/system/routes.ts'
import { applicationRoute, enterRoute, organizationRoute, rootRoute, shellRoute, signInRoute } from './parents.tsx'
import { parseSearch, stringifySearch } from './search.ts'

const routeTree = rootRoute.addChildren([
  signInRoute,
  enterRoute,
  shellRoute.addChildren([
    homeRoute,
    applicationRoute.addChildren([
      ...overviewRoutes,
      ...eventRoutes,
      ...liveRoutes,
      ...deadLetterRoutes,
      ...replayRoutes,
      ...subscriptionRoutes,
      ...eventTypeRoutes,
      ...sendRoutes,
    ]),
    organizationRoute.addChildren([...organizationRoutes]),
    ...systemRoutes,
  ]),
])

/** Reads the address of the window, so it is made after that has been put in order. */
export function createDashboardRouter() {
  return createRouter({
    routeTree,
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultNotFoundComponent: NotFound,
    defaultErrorComponent: ViewFailed,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createDashboardRouter>
  }
}
