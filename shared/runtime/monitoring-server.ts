import { createServer, type ServerResponse } from 'node:http'
import type { Settings } from './config.ts'
import type { Health } from './health.ts'
import type { Service } from './lifecycle.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'
import type { Nats } from './nats.ts'

export interface MonitoringOptions {
  host: string
  /** 0: there is no such server. */
  port: number
  nats: Nats
  health: Health
  metrics: Metrics
  logger: Logger
}

/** The port can't be had; the message names it and the setting. */
export class MonitoringPortError extends Error {
  override name = 'MonitoringPortError'
}

export function monitoringConfig({ MONITORING_IP, MONITORING_PORT, IP }: Settings): { host: string; port: number } {
  return { host: MONITORING_IP || IP, port: MONITORING_PORT }
}

const REQUEST_TIMEOUT_MS = 10_000
/** Longer than between two scrapes, which then share a connection. */
const KEEP_ALIVE_MS = 65_000

/**
 * For probes and Prometheus, on a port that is not meant for customers: `/live` (the process answers), `/ready` (it has its
 * connection to NATS), `/health` (each part; 503 when one is not well) and `/metrics`. Every service has it.
 */
export function createMonitoringServer({ host, port, nats, health, metrics, logger }: MonitoringOptions): Service {
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      const path = (request.url ?? '').split('?')[0] ?? ''
      answer(path, response).catch((error: unknown) => {
        logger.warn({ err: error, path }, 'a request for monitoring failed')
        response.destroy()
      })
    },
  )

  async function answer(path: string, response: ServerResponse): Promise<void> {
    switch (path) {
      case '/live':
        return sendJson(response, 200, { live: true })
      case '/ready':
        return sendJson(response, nats.isUp() ? 200 : 503, { ready: nats.isUp() })
      case '/health': {
        const parts = health.parts()
        const areWell = Object.values(parts).every(({ isWell }) => isWell)
        const shown = Object.entries(parts).map(([part, { isWell, detail }]) => [part, { is_well: isWell, detail }])
        return sendJson(response, areWell ? 200 : 503, { parts: Object.fromEntries(shown) })
      }
      case '/metrics': {
        const text = await metrics.text()
        response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
        return
      }
      default:
        return sendJson(response, 404, { detail: 'There is /live, /ready, /health and /metrics.' })
    }
  }

  return {
    name: 'monitoring',
    async start() {
      if (port === 0 || server.listening) return
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) =>
          reject(
            new MonitoringPortError(
              `Port ${port} of ${host} can't be had (${error.code}). Set MONITORING_PORT to a free one.`,
            ),
          ),
        )
        server.listen(port, host, resolve)
      })
    },
    async stop() {
      if (!server.listening) return
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
