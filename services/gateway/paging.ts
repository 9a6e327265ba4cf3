import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProblemError } from '#shared/contract/problems.ts'

export interface PageQuery {
  limit?: number
  pagination_cursor?: string
}

/** What lists that are paged by request hold at the most on one page when only a cursor is given. */
const PAGE_SIZE = 50

/**
 * One page of a list that is in order of its keys. Without `limit` and cursor it is the whole list, as the contract has it.
 * @param keyOf Text that orders the list; no two items have the same.
 */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  { limit, pagination_cursor: cursor }: PageQuery,
): { items: T[]; nextCursor: string | null } {
  if (limit === undefined && cursor === undefined) return { items: [...items], nextCursor: null }
  const after = cursor === undefined ? null : decodeKey(cursor)
  const size = limit ?? PAGE_SIZE
  const start = after === null ? 0 : firstAfter(items, keyOf, after)
  const page = items.slice(start, start + size)
  const hasMore = start + size < items.length
  return { items: page, nextCursor: hasMore ? encodeKey(keyOf(page.at(-1)!)) : null }
}

/** By bisection: lists may be long. */
function firstAfter<T>(items: readonly T[], keyOf: (item: T) => string, after: string): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keyOf(items[middle]!) > after) high = middle
    else low = middle + 1
  }
  return low
}

export function encodeKey(key: string): string {
  return Buffer.from(JSON.stringify({ after: key })).toString('base64url')
}

/** @throws {ProblemError} 400 for what is no cursor. */
export function decodeKey(cursor: string): string {
  try {
    const { after } = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as { after?: unknown }
    if (typeof after === 'string') return after
  } catch {
    // No cursor either way.
  }
  throw new ProblemError('JsonPayload', {
    detail: 'Query deserialize error: pagination_cursor is no cursor of this list',
  })
}

/** Names the next page in the header `Link`, with the same filters. */
export function linkNext(request: FastifyRequest, reply: FastifyReply, nextCursor: string | null): void {
  if (nextCursor === null) return
  const url = new URL(request.url.split('?')[0]!.replace(/\/+/g, '/'), request.appUrl)
  for (const [name, value] of Object.entries(request.query as Record<string, string | number | string[]>)) {
    if (name === 'pagination_cursor') continue
    for (const each of [value].flat()) url.searchParams.append(name, String(each))
  }
  url.searchParams.set('pagination_cursor', nextCursor)
  reply.header('link', `<${url.href}>; rel="next"`)
}

/** A key that orders by time of creation, then id. */
export function creationKey(createdAtMs: number, id: string): string {
  return `${String(createdAtMs).padStart(15, '0')}:${id}`
}

export function byKey<T>(keyOf: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => {
    const [keyA, keyB] = [keyOf(a), keyOf(b)]
    return keyA < keyB ? -1 : keyA > keyB ? 1 : 0
  }
}

/** What is not deleted, in the order of its keys: the page that is asked for, its next one named in `Link`. */
export function livePage<T extends { deletedAtMs: number | null }>(
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  registered: readonly { state: T }[],
  keyOf: (state: T) => string,
): T[] {
  const live = registered
    .map(({ state }) => state)
    .filter(({ deletedAtMs }) => deletedAtMs === null)
    .sort(byKey(keyOf))
  const { items, nextCursor } = pageOf(live, keyOf, request.query as PageQuery)
  linkNext(request, reply, nextCursor)
  return items
}
