import createClient from 'openapi-fetch'
import { note, noteAnswer } from './connection.ts'
import { isSignedOut, type ProblemError, problemOf, unreachable } from './problem.ts'
import type { components, paths } from './schema.d.ts'
import { currentToken, forget, session } from './session.ts'

/** The API's named schemas: `Schemas['Subscription']`. */
export type Schemas = components['schemas']

const RATE_LIMITED_TRIES = 6
const RATE_LIMITED_WAIT_MS = 250

/** The API by its own description. Answers are unwrapped by `dataOf` and `pageOf`, which throw problems. */
export const api = createClient<paths>({ baseUrl: '', fetch: send })

/** `fetch` with the session's token, patient with rate limits; tells the rest of the page how the connection is. */
export async function send(request: Request): Promise<Response> {
  const token = await currentToken().catch(() => {
    throw lost()
  })
  if (token !== null) request.headers.set('authorization', `Bearer ${token}`)
  for (let tries = 1; ; tries++) {
    const answer = await fetch(request.clone()).catch((error: unknown) => {
      if (request.signal.aborted) throw error
      throw lost()
    })
    if (answer.status === 429 && answer.headers.has('retry-after') && tries < RATE_LIMITED_TRIES) {
      await new Promise((resolve) => setTimeout(resolve, waitMs(answer, tries)))
      continue
    }
    noteStatus(answer)
    return answer
  }
}

function lost(): ProblemError {
  note('unreachable')
  return unreachable()
}

function waitMs(answer: Response, tries: number): number {
  return Number(answer.headers.get('retry-after')) * 1_000 + RATE_LIMITED_WAIT_MS * tries
}

function noteStatus(answer: Response): void {
  if (answer.status === 502) note('unreachable')
  else if (answer.status === 503 && answer.url.includes('/api/v1/')) note('no-read-model')
  else noteAnswer(answer.headers.get('jethook-read-model'))
}

type Answer<T> = { data?: T; error?: unknown; response: Response }

/** @throws {ProblemError} for every answer but a 2xx. */
export async function dataOf<T>(asked: Promise<Answer<T>>): Promise<T> {
  return (await checked(asked)).data as T
}

export interface Page<T> {
  items: T[]
  /** Names the next page to the same list, null at the end. */
  cursor: string | null
}

/** A page of a list: what follows stands in its `Link`. @throws {ProblemError} */
export async function pageOf<T>(asked: Promise<Answer<T[]>>): Promise<Page<T>> {
  const { data, response } = await checked(asked)
  const next = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
  return {
    items: data as T[],
    cursor: next ? new URL(next, location.href).searchParams.get('pagination_cursor') : null,
  }
}

async function checked<T>(asked: Promise<Answer<T>>): Promise<Answer<T>> {
  const answer = await asked
  if (answer.response.ok) return answer
  const problem = problemOf(answer.response.status, answer.error)
  if (isSignedOut(problem) && session.get() !== null) forget()
  throw problem
}
