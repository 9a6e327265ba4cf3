import { setTimeout as delay } from 'node:timers/promises'
import type { Credentials } from '#scripts/start/credentials.ts'

const TRIES_MAX = 100
const WAIT_MIN_MS = 100

/**
 * Calls the API of a started jethook, waiting as it asks when it limits the rate of requests; anything but a success is
 * an error that says what was answered.
 */
export function createDemoApi({ api_url, service_token }: Credentials) {
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    for (let tries = 1; ; tries++) {
      const response = await fetch(api_url + path, {
        method,
        headers: {
          authorization: `Bearer ${service_token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (response.ok) return (text === '' ? null : JSON.parse(text)) as T
      if (response.status !== 429 || tries === TRIES_MAX)
        throw new Error(`${method} ${path} was answered with ${response.status}: ${text.slice(0, 500)}`)
      await delay(Math.max(WAIT_MIN_MS, Number(response.headers.get('retry-after')) * 1_000))
    }
  }
}

export type DemoApi = ReturnType<typeof createDemoApi>
