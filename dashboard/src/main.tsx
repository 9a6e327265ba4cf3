import './layers.css'
import '@fontsource-variable/geist/wght.css'
import '@fontsource-variable/geist-mono/wght.css'
import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import '@mantine/spotlight/styles.layer.css'
import './global.css'
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { createDashboardRouter } from './routing/router.tsx'
import { takeCodeFromAddress } from './session/one-time-code.ts'
import { queryClient } from './shell/query-client.ts'
import { cssVariablesResolver, theme } from './theme.ts'

takeCodeFromAddress()
createRoot(document.getElementById('root')!).render(
  <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} defaultColorScheme="auto">
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={createDashboardRouter()} />
      <Notifications position="bottom-right" autoClose={5_000} limit={4} />
    </QueryClientProvider>
  </MantineProvider>,
)
