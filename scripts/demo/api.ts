import type { Credentials } from '#scripts/start/credentials.ts'

/** Calls the API of a started jethook; anything but a success is an error that says what was answered. */
export function createDemoApi({ api_url, service_token }: Credentials) {
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(api_url + path, {
      method,
      headers: {
        authorization: `Bearer ${service_token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${text.slice(0, 500)}`)
    return (text === '' ? null : JSON.parse(text)) as T
  }
}

export type DemoApi = ReturnType<typeof createDemoApi>
