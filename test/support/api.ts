import type { RequestAttempt, ResponseAnswer, SubscriptionAnswer } from '#shared/contract/schemas.ts'

export interface ApiAnswer<T> {
  status: number
  body: T
  headers: Headers
}

export interface ApiAccess {
  apiUrl: string
  applicationId: string
  token: string
}

/** A thin client of the REST API for tests: no retries, no opinion on statuses. */
export function createApi({ apiUrl, applicationId, token }: ApiAccess) {
  async function call<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    authorization = `Bearer ${token}`,
  ): Promise<ApiAnswer<T>> {
    const response = await fetch(apiUrl + path, {
      method,
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    // One that goes on for ever is not waited for.
    if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
      await response.body?.cancel()
      return { status: response.status, headers: response.headers, body: null as T }
    }
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as T }
  }

  async function read<T>(path: string): Promise<T> {
    const { status, body } = await call<T>('GET', path)
    if (status !== 200) throw new Error(`GET ${path} was answered with ${status}: ${JSON.stringify(body)}`)
    return body
  }

  const subscriptionPost = (url: string, more: Record<string, unknown> = {}) => ({
    application_id: applicationId,
    is_enabled: true,
    event_types: ['a.b.c'],
    labels: { all: 'yes' },
    target: { type: 'http', method: 'POST', url, headers: {} },
    ...more,
  })

  const eventPost = (more: Record<string, unknown> = {}) => ({
    application_id: applicationId,
    event_type: 'a.b.c',
    payload: '{"n":1}',
    payload_content_type: 'application/json',
    occurred_at: '2026-01-01T00:00:00Z',
    labels: { all: 'yes' },
    ...more,
  })

  return {
    call,
    eventPost,
    subscriptionPost,
    createEventType: (name = 'a.b.c') => {
      const [service, resource_type, verb] = name.split('.')
      return call('POST', '/event_types', { application_id: applicationId, service, resource_type, verb })
    },
    async subscribe(url: string, more: Record<string, unknown> = {}): Promise<SubscriptionAnswer> {
      const { status, body } = await call<SubscriptionAnswer>('POST', '/subscriptions', subscriptionPost(url, more))
      if (status !== 201) throw new Error(`subscribing was answered with ${status}: ${JSON.stringify(body)}`)
      return body
    },
    async send(more: Record<string, unknown> = {}): Promise<string> {
      const { status, body } = await call<{ event_id: string }>('POST', '/event', eventPost(more))
      if (status !== 201) throw new Error(`an event was answered with ${status}: ${JSON.stringify(body)}`)
      return body.event_id
    },
    async attempts(query: Record<string, string>): Promise<RequestAttempt[]> {
      const search = new URLSearchParams({ application_id: applicationId, ...query })
      return read(`/request_attempts?${search}`)
    },
    async response(id: string): Promise<ResponseAnswer> {
      return read(`/responses/${id}?application_id=${applicationId}`)
    },
  }
}

export type Api = ReturnType<typeof createApi>
