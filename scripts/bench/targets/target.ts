/** What posts one event: everything of a request but when. */
export interface EventRequest {
  origin: string
  path: string
  headers: Record<string, string>
  /** Holds `STAMP_PLACE`, where the payload says when it was due. */
  body: string
}

/** A webhook sender that is driven through its public API. */
export interface Target {
  name: string
  /** Makes the event type known, and subscribes each address to it (and to nothing else). */
  subscribe(eventType: string, urls: readonly string[]): Promise<void>
  /** @param payloadBytes Of the payload as it is delivered, about. */
  eventRequest(eventType: string, payloadBytes: number): EventRequest
}

/** Where a peer is and who asks. */
export interface TargetOptions {
  /** Without a slash at its end. */
  url: string
  token: string
  /** The thing of the peer's that events belong to, where one is to be given; empty: none is. */
  application: string
}

const TRIES_MAX = 100

/** Calls a peer's JSON API; waits where it asks to. @throws {Error} with its answer when that is a refusal. */
export function createJsonCaller(baseUrl: string, headers: Record<string, string>) {
  return async function call<Answer = Record<string, unknown>>(
    path: string,
    body?: unknown,
    method = body === undefined ? 'GET' : 'POST',
  ): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      const response = await fetch(baseUrl + path, {
        method,
        headers: { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (response.ok) return (text === '' ? null : JSON.parse(text)) as Answer
      if (response.status !== 429 || tries === TRIES_MAX)
        throw new Error(`${method} ${path} was answered with ${response.status}: ${text.slice(0, 500)}`)
      const waitMs = Number(response.headers.get('retry-after') ?? 0) * 1_000 + 50
      await new Promise((wait) => setTimeout(wait, waitMs))
    }
  }
}

/** What a request to `baseUrl` + `path` is for the load generator. */
export function postTo(baseUrl: string, path: string, headers: Record<string, string>, body: unknown): EventRequest {
  const url = new URL(baseUrl + path)
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
}
