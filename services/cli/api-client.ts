import { setTimeout as delay } from 'node:timers/promises'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import { CliError, EXIT } from './exit-codes.ts'

export interface ApiClientOptions {
  /** With `/api/v1`. */
  url: string
  token: string
  signal: AbortSignal
}

export type Query = Record<string, string | number | boolean | readonly string[] | undefined | null>

export interface Request {
  query?: Query
  body?: unknown
}

/** The one client of the REST API: every request of the command goes through it. */
export interface ApiClient {
  url: string
  /** @throws {CliError} with the problem that was answered, and the exit code that fits it. */
  call<T>(method: string, path: string, request?: Request): Promise<T>
  /** All items of a paged list, or the first `limit`. */
  list<T>(path: string, query: Query, limit?: number): Promise<T[]>
  /** An answer as it comes; anything but a success is an error. */
  open(method: string, path: string, request?: Request & { accept?: string }): Promise<Response>
  /** The same client, whose requests end with this signal. */
  withSignal(signal: AbortSignal): ApiClient
}

const PAGE_MAX = 100
const TRIES_MAX = 5
const WAIT_MIN_MS = 100
const WAIT_MAX_MS = 10_000
const TIMEOUT_MS = 60_000
const TEXT_SHOWN_MAX = 300

export function createApiClient({ url, token, signal }: ApiClientOptions): ApiClient {
  async function send(
    method: string,
    target: string,
    { body, accept }: Request & { accept?: string },
  ): Promise<Response> {
    const stream = accept === 'text/event-stream'
    try {
      return await fetch(target, {
        method,
        redirect: 'manual',
        headers: {
          authorization: `Bearer ${token}`,
          accept: accept ?? 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: stream ? signal : AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      })
    } catch (error) {
      if (signal.aborted) throw signal.reason
      const cause = (error as Error).cause as Error | undefined
      throw new CliError(
        `The server at ${url} can't be reached: ${cause?.message || (error as Error).message}`,
        EXIT.unavailable,
      )
    }
  }

  /** Waits as the server asks when it limits the rate of requests. */
  async function open(method: string, path: string, request: Request & { accept?: string } = {}): Promise<Response> {
    const target = `${url}${path}${searchOf(request.query)}`
    for (let tries = 1; ; tries++) {
      const response = await send(method, target, request)
      if (response.status >= 200 && response.status < 300) return response
      const error = await errorOf(response, `${method} ${path}`)
      if (response.status !== 429 || tries === TRIES_MAX || !response.headers.has('retry-after')) throw error
      const waitMs = Number(response.headers.get('retry-after')) * 1_000
      if (!(waitMs <= WAIT_MAX_MS)) throw error
      await delay(Math.max(WAIT_MIN_MS, waitMs), undefined, { signal })
    }
  }

  return {
    url,
    open,
    withSignal: (other) => createApiClient({ url, token, signal: other }),
    async call<T>(method: string, path: string, request?: Request): Promise<T> {
      const text = await (await open(method, path, request)).text()
      return (text === '' ? null : JSON.parse(text)) as T
    },
    async list<T>(path: string, query: Query, limit = Number.POSITIVE_INFINITY): Promise<T[]> {
      const items: T[] = []
      let cursor: string | undefined
      do {
        const size = Math.min(PAGE_MAX, limit - items.length)
        const response = await open('GET', path, { query: { ...query, limit: size, pagination_cursor: cursor } })
        items.push(...((await response.json()) as T[]))
        cursor = nextCursor(response.headers.get('link'))
      } while (cursor !== undefined && items.length < limit)
      return items
    },
  }
}

function searchOf(query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue
    for (const each of Array.isArray(value) ? value : [value]) search.append(name, String(each))
  }
  return search.size > 0 ? `?${search}` : ''
}

function nextCursor(link: string | null): string | undefined {
  const next = /<([^>]*)>;\s*rel="next"/.exec(link ?? '')?.[1]
  return (next && URL.parse(next)?.searchParams.get('pagination_cursor')) || undefined
}

async function errorOf(response: Response, what: string): Promise<CliError> {
  const text = await response.text().catch(() => '')
  return new CliError(messageOf(text, response.status, what), exitCodeOf(response.status))
}

function messageOf(text: string, status: number, what: string): string {
  try {
    const { id, title, detail } = JSON.parse(text) as ProblemDocument
    if (id !== undefined) return `${title}: ${detail} (${id}, ${status})`
  } catch {
    // No problem document: not jethook's own answer.
  }
  const shown = text.trim().slice(0, TEXT_SHOWN_MAX)
  return `${what} was answered with ${status}${shown === '' ? '' : `: ${shown}`}. Is this a jethook server?`
}

function exitCodeOf(status: number): number {
  if (status === 401 || status === 403) return EXIT.credentials
  if (status === 404) return EXIT.notFound
  return status >= 500 ? EXIT.unavailable : EXIT.refused
}
