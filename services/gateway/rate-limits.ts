import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProblemError } from '#shared/contract/problems.ts'
import type { RateLimit } from '#shared/domain/rate-limit.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { Principal } from './authentication.ts'
import type { RateLimits } from './config.ts'
import { createRateLimiter } from './rate-limiter.ts'

/**
 * The contract's limits (behaviour.md §8): in all and by address before the credential is looked at, by token after. Posting
 * events has a limit of its own instead (model.md): there the address only counts for requests whose credential is refused.
 */
export interface RequestLimits {
  /** @throws {ProblemError} RateLimited. */
  beforeAuthentication(request: FastifyRequest, reply: FastifyReply): void
  /** @throws {ProblemError} RateLimited, instead of what the credential was refused with. */
  afterRefusal(request: FastifyRequest, reply: FastifyReply): void
  /** @throws {ProblemError} RateLimited. */
  afterAuthentication(request: FastifyRequest, reply: FastifyReply): void
}

const IN_ALL = 'all'

export function createRequestLimits(limits: RateLimits, clock: Clock): RequestLimits {
  const of = (limit: RateLimit | null) => (limit === null ? null : createRateLimiter({ limit, clock }))
  const [global, ip, token, ingest] = [of(limits.global), of(limits.ip), of(limits.token), of(limits.ingest)]
  const isIngest = (request: FastifyRequest) => request.routeOptions.config.isIngest === true

  function take(limiter: ReturnType<typeof of>, key: string, reply: FastifyReply): void {
    const waitMs = limiter?.take(key) ?? null
    if (waitMs === null) return
    const seconds = Math.floor(waitMs / 1_000)
    reply.header('retry-after', seconds).header('x-ratelimit-after', seconds)
    throw new ProblemError('RateLimited')
  }

  return {
    beforeAuthentication(request, reply) {
      if (isIngest(request)) return
      take(global, IN_ALL, reply)
      take(ip, request.ip, reply)
    },
    afterRefusal(request, reply) {
      if (!isIngest(request)) return
      take(global, IN_ALL, reply)
      take(ip, request.ip, reply)
    },
    afterAuthentication(request, reply) {
      const key = keyOf(request.principal)
      if (key !== null) take(isIngest(request) ? ingest : token, key, reply)
    },
  }
}

/** The master key is exempt. */
function keyOf(principal: Principal): string | null {
  switch (principal.kind) {
    case 'master':
      return null
    case 'user':
      return `session:${principal.session.sessionId}`
    case 'service_token':
    case 'application_secret':
      return `${principal.kind}:${principal.id}`
  }
}
