import { setTimeout as delay } from 'node:timers/promises'
import { ProblemError } from '#shared/contract/problems.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { ApplicationState } from '#shared/facts/control.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { createStreamReader } from '#shared/runtime/stream-reader.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { QuotaConfig } from '../config.ts'
import { applicationLimits, organizationLimits } from './limits.ts'

/** A place among the events of today, taken before the event is appended. */
export interface Reservation {
  /** It is going to be appended under this `Nats-Msg-Id`: it may be read back before its append is answered. */
  appendAs(msgId: string): void
  /** The event stands in EVENTS at `seq`. */
  keep(seq: number): void
  /** There was no event after all. */
  release(): void
}

/**
 * Counts the events of a day from EVENTS itself, whoever posted them through whichever gateway. Within one gateway the
 * count is exact; near a limit it is first brought up to what the other gateways have stored.
 */
export interface EventQuota {
  readonly isEnforced: boolean
  /** @throws {ProblemError} TooManyEventsToday. */
  reserve(application: ApplicationState): Promise<Reservation>
  start(): Promise<void>
  stop(): Promise<void>
}

/** Somebody has used so much of a day's events that members are to be told. */
export interface QuotaWarning {
  organizationId: string
  /** Null: all of the organisation's applications together. */
  application: ApplicationState | null
  used: number
  limit: number
}

export interface EventQuotaOptions {
  nats: Nats
  registry: Registry
  clock: Clock
  logger: Logger
  config: QuotaConfig
  onWarning(warning: QuotaWarning): void
}

const DAY_MS = 24 * 3_600_000
const BATCH_MAX = 5_000
const CATCH_UP_LIMIT_MS = 2_000
const CATCH_UP_POLL_MS = 2
/** As many events before a limit, or a tenth of it, the other gateways' latest events are waited for. */
const NEAR_EVENTS = 100

export function createEventQuota(options: EventQuotaOptions): EventQuota {
  const { nats, registry, clock, logger, config } = options
  const counts = createDayCounts()
  let foldedSeq = 0
  /** Own events that are being appended, by `Nats-Msg-Id`. */
  const appending = new Map<string, { settle(): void }>()
  /** Own events that are stored, but not folded yet. */
  let unfolded: { seq: number; settle(): void }[] = []

  const reader = createStreamReader({
    nats,
    logger,
    stream: STREAM_NAMES.events,
    fromSeq: () => foldedSeq + 1,
    startTime: () => (foldedSeq === 0 ? new Date(Math.floor(clock.nowMs() / DAY_MS) * DAY_MS) : null),
    headersOnly: true,
    batchMax: BATCH_MAX,
    onBatch: async (messages) => {
      for (const { seq, subject, time, headers } of messages) {
        counts.add(subject.split('.')[1] ?? '', time.getTime(), 1)
        appending.get(headers?.get('Nats-Msg-Id') ?? '')?.settle()
        foldedSeq = seq
      }
      unfolded = unfolded.filter((own) => {
        if (own.seq > foldedSeq) return true
        own.settle()
        return false
      })
    },
  })

  async function catchUp(): Promise<void> {
    const { lastSeq } = await readStreamState(nats, STREAM_NAMES.events)
    const untilMs = performance.now() + CATCH_UP_LIMIT_MS
    while (foldedSeq < lastSeq && performance.now() < untilMs) await delay(CATCH_UP_POLL_MS)
  }

  interface Scope {
    applicationIds: string[]
    limit: number
    application: ApplicationState | null
  }

  /** What an event is counted for: its application, where that has a limit of its own, and its organisation. */
  function scopesOf(application: ApplicationState): Scope[] {
    const organization = registry.organizations.get(application.organizationId)!.state
    const limits = organizationLimits(organization, config)
    const own = applicationLimits(application, limits).eventsPerDay
    const siblings = registry
      .applicationsOf(application.organizationId)
      .filter(({ state }) => !state.isOperational)
      .map(({ state }) => state.applicationId)
    const scopes: Scope[] = [{ applicationIds: siblings, limit: limits.eventsPerDay, application: null }]
    if (application.quotas.eventsPerDay !== null)
      scopes.push({ applicationIds: [application.applicationId], limit: own, application })
    return scopes
  }

  const used = ({ applicationIds }: Scope) => counts.sum(applicationIds, clock.nowMs())
  const isNear = (scope: Scope) => used(scope) >= scope.limit - Math.max(NEAR_EVENTS, scope.limit / 10)

  function warn(application: ApplicationState, scopes: Scope[]): void {
    const threshold = config.warningThreshold
    for (const scope of scopes) {
      if (used(scope) !== Math.ceil((scope.limit * threshold) / 100)) continue
      const { organizationId } = application
      options.onWarning({ organizationId, application: scope.application, used: used(scope), limit: scope.limit })
    }
  }

  /** Counts as one from now on, until the stream's own count has it or there is no such event. */
  function open(applicationId: string): Reservation {
    let isOpen = true
    let appendedAs: string | null = null
    counts.addOpen(applicationId, 1)
    const own = {
      settle() {
        if (isOpen) counts.addOpen(applicationId, -1)
        isOpen = false
        if (appendedAs !== null && appending.get(appendedAs) === own) appending.delete(appendedAs)
      },
    }
    return {
      appendAs(msgId) {
        appendedAs = msgId
        appending.set(msgId, own)
      },
      keep(seq) {
        if (seq <= foldedSeq) own.settle()
        else if (isOpen) unfolded.push({ seq, settle: own.settle })
      },
      release: own.settle,
    }
  }

  return {
    isEnforced: config.isEnforced,
    async reserve(application) {
      const scopes = scopesOf(application)
      if (scopes.some(isNear)) await catchUp()
      if (scopes.some((scope) => used(scope) >= scope.limit)) throw new ProblemError('TooManyEventsToday')
      const reservation = open(application.applicationId)
      warn(application, scopes)
      return reservation
    },
    async start() {
      if (!config.isEnforced) return
      reader.start()
      await catchUp()
    },
    stop: () => reader.stop(),
  }
}

/** Counts by application, of one day (UTC) at a time; `open` are those that are not in the stream's count yet. */
function createDayCounts() {
  let day = 0
  let ofDay = new Map<string, number>()
  const open = new Map<string, number>()

  function turnTo(ms: number): boolean {
    const of = Math.floor(ms / DAY_MS)
    if (of > day) {
      day = of
      ofDay = new Map()
    }
    return of === day
  }

  return {
    add(applicationId: string, atMs: number, count: number) {
      if (turnTo(atMs)) ofDay.set(applicationId, (ofDay.get(applicationId) ?? 0) + count)
    },
    addOpen(applicationId: string, count: number) {
      const left = (open.get(applicationId) ?? 0) + count
      if (left === 0) open.delete(applicationId)
      else open.set(applicationId, left)
    },
    sum(applicationIds: readonly string[], nowMs: number): number {
      turnTo(nowMs)
      let sum = 0
      for (const id of applicationIds) sum += (ofDay.get(id) ?? 0) + (open.get(id) ?? 0)
      return sum
    },
  }
}
