import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { isToBeRun } from '#shared/domain/job.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { RegisteredJob } from '#shared/domain/registry-jobs.ts'
import { isForNats, type JobState } from '#shared/facts/job.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { EventCache } from '#shared/runtime/event-cache.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { createPeers, PEER_SILENCE_MS, type Peers } from '#shared/runtime/peers.ts'
import { createAttempted } from './attempted.ts'
import type { ChosenLetters } from './chosen-letters.ts'
import type { JobsConfig } from './config.ts'
import { createDeadLetterDesk, type DeadLetterDesk } from './dead-letter-desk.ts'
import { runNatsReplay } from './nats-replay.ts'
import { claimJob, JobLostError, type Progress } from './progress.ts'
import { StretchEnded } from './read-stretch.ts'
import { runDiscard, runRedrive } from './redrive.ts'
import { runReplay } from './replay.ts'
import type { RunContext, RunEnd } from './run.ts'

export interface JobsDependencies {
  nats: Nats
  registry: Registry
  ledger: Appender
  control: Appender
  eventCache: EventCache
  chosenLetters: ChosenLetters
  config: JobsConfig
  clock: Clock
  logger: Logger
  /** Absent: they hear of each other by NATS. */
  peers?: Peers
}

const LOOK_INTERVAL_MS = 50
/** A run that failed (Postgres or NATS is away) is taken up again after this. */
const TRY_AGAIN_MS = 1_000
/** A NATS client that takes nothing is asked again after this; meanwhile others have their turn. */
const WAIT_FOR_CLIENT_MS = 5_000
/** Replays for NATS clients, which mostly wait for them: of one process, and of one application in it. */
const FOR_NATS_MAX = 32
const FOR_NATS_OF_APPLICATION_MAX = 4
const STOP_LIMIT_MS = 2_000
/** Decisions about dead letters are kept in memory for so long after the last job that needed them. */
const DESK_KEPT_MS = 10 * 60_000

/** Runs redrives, discards and replays, each in one process at a time; another takes over when that one is gone. */
export function createJobsRunner(deps: JobsDependencies): Service {
  const { nats, registry, config, clock, logger } = deps
  const peers = deps.peers ?? createPeers({ nats, logger, kind: 'jobs', selfId: randomUUID() })
  const runnerId = peers.selfId
  const attempted = createAttempted({ nats, logger })
  const running = new Map<string, Promise<void>>()
  /** Of those the ones for NATS clients, with their applications. */
  const forNats = new Map<string, string>()
  const notBeforeMs = new Map<string, number>()
  let desk: { kept: DeadLetterDesk; usedAtMs: number } | null = null
  let timer: NodeJS.Timeout | null = null
  let isLooking = false
  let isStopping = false

  async function look(): Promise<void> {
    if (isLooking || isStopping || !nats.isUp()) return
    isLooking = true
    try {
      for (const job of [...registry.jobs.open()]) {
        if (!isToBeRun(job) || running.has(job.state.jobId) || !hasRoomFor(job.state)) continue
        if (performance.now() < (notBeforeMs.get(job.state.jobId) ?? 0) || !(await isFree(job))) continue
        if (!isStopping) start(job)
      }
      if (desk !== null && running.size === 0 && performance.now() - desk.usedAtMs > DESK_KEPT_MS) desk = null
    } catch (error) {
      logger.warn({ err: error }, 'the look for jobs is left to the next time')
    } finally {
      isLooking = false
    }
  }

  /** Nobody's deliveries wait for somebody's NATS client. */
  function hasRoomFor(job: JobState): boolean {
    if (!isForNats(job)) return running.size - forNats.size < config.runningMax
    const ofApplication = [...forNats.values()].filter((id) => id === job.applicationId).length
    return forNats.size < FOR_NATS_MAX && ofApplication < FOR_NATS_OF_APPLICATION_MAX
  }

  /** Whoever had it last is gone, or has been silent for long. */
  async function isFree({ progress }: RegisteredJob): Promise<boolean> {
    if (progress === null || progress.runnerId === null || progress.runnerId === runnerId) return true
    const answer = await peers.probe(progress.runnerId)
    if (answer === 'gone') return true
    return answer === 'silent' && clock.nowMs() - progress.changedAtMs > 2 * PEER_SILENCE_MS
  }

  function start(job: RegisteredJob): void {
    const { jobId, applicationId } = job.state
    if (isForNats(job.state)) forNats.set(jobId, applicationId)
    running.set(
      jobId,
      run(job)
        .catch((error: unknown) => {
          notBeforeMs.set(jobId, performance.now() + TRY_AGAIN_MS)
          const isLost = error instanceof JobLostError || error instanceof StretchEnded
          if (isLost) logger.info({ job_id: jobId, reason: error.message }, 'a job was let go')
          else logger.warn({ err: error, job_id: jobId }, 'a job goes on later')
        })
        .finally(() => {
          running.delete(jobId)
          forNats.delete(jobId)
        }),
    )
  }

  async function run(job: RegisteredJob): Promise<void> {
    const progress = await claimJob(job, { ...{ control: deps.control, clock }, runnerId })
    if (progress === null) return
    const { jobId, kind } = job.state
    if (progress.now.startedAtMs === null && job.state.wanted === 'run') progress.update({ startedAtMs: clock.nowMs() })
    logger.info({ job_id: jobId, kind, done: progress.now.done }, 'job goes on')
    const end = await perform(job, progress)
    progress.update({ runnerId: null, ...(end === 'ended' ? { endedAtMs: clock.nowMs() } : {}) })
    await progress.save()
    if (end === 'waits') notBeforeMs.set(jobId, performance.now() + WAIT_FOR_CLIENT_MS)
    else notBeforeMs.delete(jobId)
    logger.info({ job_id: jobId, kind, done: progress.now.done, end }, 'job stands')
  }

  async function perform(job: RegisteredJob, progress: Progress): Promise<RunEnd> {
    const { selection, kind, jobId } = job.state
    // Whoever was told once that it is over may have left something undone: what comes next is for another run.
    let isOver = false
    const isWanted = () => {
      isOver ||= isStopping || registry.jobs.byId(jobId)?.seq !== job.seq
      return !isOver
    }
    const context: RunContext = { ...deps, desk: deskNow(), attempted, job: job.state, progress, isWanted }
    if (selection.type === 'events' && selection.target === 'nats') return runNatsReplay(context, selection)
    const isDone = await performDeliveries()
    return isDone ? 'ended' : 'stopped'

    function performDeliveries(): Promise<boolean> {
      if (selection.type === 'events') return runReplay(context, selection)
      return kind === 'discard' ? runDiscard(context, selection) : runRedrive(context, selection)
    }
  }

  function deskNow(): DeadLetterDesk {
    desk ??= { kept: createDeadLetterDesk(deps), usedAtMs: 0 }
    desk.usedAtMs = performance.now()
    return desk.kept
  }

  return {
    name: 'jobs',
    async start() {
      if (timer !== null) return
      peers.start()
      timer = setInterval(() => void look(), LOOK_INTERVAL_MS)
    },
    async stop() {
      if (timer !== null) clearInterval(timer)
      isStopping = true
      // Without a server there is nothing to wait for: whoever comes next finds out that nobody has the jobs.
      await Promise.race([Promise.all(running.values()), delay(STOP_LIMIT_MS, undefined, { ref: false })])
      peers.stop()
    },
  }
}
