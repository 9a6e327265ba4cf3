import scalar from '@scalar/fastify-api-reference'
import type { GatewayServer } from '../app.ts'

/** The API, to be read and tried in a browser. Everything it needs is served from here. */
export async function registerDocs(server: GatewayServer): Promise<void> {
  await server.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      title: 'jethook API',
      url: '/api/v1/swagger.json',
      telemetry: false,
      withDefaultFonts: false,
      agent: { disabled: true },
      showDeveloperTools: 'never',
    },
    hooks: {
      onRequest: (_, reply, done) => {
        reply.header('content-security-policy', DOCS_POLICY)
        done()
      },
    },
  })
}

/** Only what comes from this server; the page's own program and styles stand in it. */
const DOCS_POLICY =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
