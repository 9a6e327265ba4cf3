import { setTimeout as delay } from 'node:timers/promises'
import type { Registry } from '#shared/domain/registry.ts'
import { controlSubject, type LaneOwner } from '#shared/facts/control.ts'
import { CONTROL_SUBJECTS } from '#shared/facts/subjects.ts'
import { AppendConflictError, type Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { PEER_SILENCE_MS, type Peers } from '#shared/runtime/peers.ts'
import { readLastOf, STREAM_NAMES } from '#shared/runtime/streams.ts'

export interface LaneOwnershipOptions {
  nats: Nats
  registry: Registry
  controlReader: ControlReader
  control: Appender
  peers: Peers
  clock: Clock
  logger: Logger
  laneCount: number
  /** The lane is ours from now on. */
  onGained(lane: number): Promise<void>
  /**
   * It is not, or must not be; resolves when nothing of it is in hand any more, or can't be waited for.
   * @param isStillOurs Nobody else has it before this resolves.
   */
  onLost(lane: number, isStillOurs: boolean): Promise<void>
}

export interface LaneOwnership {
  start(): Promise<void>
  /** Gives all lanes back, once nothing of them is in hand. */
  stop(): Promise<void>
  /** Asks NATS itself, until it answers. */
  isStillOurs(lane: number): Promise<boolean>
  /** Asks NATS itself which lanes are still ours, after this process hasn't run for a while; the others are lost. */
  recheck(): Promise<void>
}

const LOOK_INTERVAL_MS = 500
const CONTROL_WAIT_MS = 5_000
const ASK_AGAIN_MS = 250
/** Looks in a row at which nobody answered to the owner's name: one may fall into the moment of its reconnecting. */
const GONE_LOOKS = 2

/**
 * Sees to it that each lane is served by one process at a time and that all have about the same number of them. Whose a lane
 * is stands in CONTROL and changes hands only on the condition that nobody has changed it meanwhile.
 */
export function createLaneOwnership(options: LaneOwnershipOptions): LaneOwnership {
  const { nats, registry, controlReader, control, peers, clock, logger, laneCount } = options
  const mine = new Set<number>()
  /** By owner: looks in a row at which it was gone, and since when it has been silent. */
  const doubts = new Map<string, { goneLooks: number; silentSinceMs: number }>()
  let timer: NodeJS.Timeout | null = null
  let looking: Promise<void> | null = null
  let isStopping = false

  const ownerOf = (lane: number) => registry.laneOwners.get(lane)

  function look(): Promise<void> {
    looking ??= lookOnce()
      .catch((error: unknown) => logger.warn({ err: error }, 'lanes could not be shared out'))
      .finally(() => {
        looking = null
      })
    return looking
  }

  async function lookOnce(): Promise<void> {
    for (const lane of [...mine]) if (ownerOf(lane)?.state.ownerId !== peers.selfId) await lose(lane)
    const fairCount = Math.ceil(laneCount / peers.alive().length)
    await Promise.all([...mine].slice(fairCount).map(giveBack))
    const free = await freeLanes()
    if (isStopping) return
    const room = Math.max(0, fairCount - mine.size)
    await Promise.all(free.slice(0, room).map(claim))
    // Claimed before, but it could not be opened, and now there is no room for it any more.
    await Promise.all(
      free
        .slice(room)
        .filter((lane) => ownerIdOf(lane) === peers.selfId)
        .map(giveBack),
    )
  }

  async function freeLanes(): Promise<number[]> {
    const others: number[] = []
    for (let lane = 0; lane < laneCount; lane++) if (!mine.has(lane)) others.push(lane)
    const owners = new Set(others.map(ownerIdOf))
    const over = new Set<string | null>([null, peers.selfId])
    for (const ownerId of owners) if (ownerId !== null && (await isOver(ownerId))) over.add(ownerId)
    for (const ownerId of doubts.keys()) if (!owners.has(ownerId)) doubts.delete(ownerId)
    return others.filter((lane) => over.has(ownerIdOf(lane)))
  }

  const ownerIdOf = (lane: number) => ownerOf(lane)?.state.ownerId ?? null

  /** Whether a process that has lanes is no more: nobody answers to its name, or it has been silent for long. */
  async function isOver(ownerId: string): Promise<boolean> {
    if (ownerId === peers.selfId || (peers.alive().includes(ownerId) && !doubts.has(ownerId))) return false
    const nowMs = performance.now()
    const doubt = doubts.get(ownerId) ?? { goneLooks: 0, silentSinceMs: nowMs }
    const answer = await peers.probe(ownerId)
    if (answer === 'alive') {
      doubts.delete(ownerId)
      return false
    }
    doubt.goneLooks = answer === 'gone' ? doubt.goneLooks + 1 : 0
    doubts.set(ownerId, doubt)
    return doubt.goneLooks >= GONE_LOOKS || nowMs - doubt.silentSinceMs >= PEER_SILENCE_MS
  }

  async function claim(lane: number): Promise<void> {
    const before = ownerOf(lane)
    try {
      const seq = await write(lane, peers.selfId, before?.seq ?? 0)
      // What the owner before had noted of the lane must be known.
      while (!isStopping && !(await controlReader.waitFor(seq, CONTROL_WAIT_MS)))
        logger.warn({ lane }, 'a lane waits for CONTROL')
      if (isStopping) return
      const previous = before?.state.ownerId ?? null
      if (previous !== null && previous !== peers.selfId) logger.warn({ lane, previous }, 'a lane is taken over')
      // When that fails, it is tried again at the next look: by then CONTROL says that it is ours.
      await options.onGained(lane)
      mine.add(lane)
    } catch (error) {
      // Another was faster.
      if (!(error instanceof AppendConflictError)) throw error
    }
  }

  /** Until NATS answers, it can't be known. */
  async function isStillOurs(lane: number): Promise<boolean> {
    while (!isStopping) {
      try {
        const stored = await readLastOf(nats, STREAM_NAMES.control, CONTROL_SUBJECTS.laneOwner(lane))
        return stored !== null && (JSON.parse(stored.string()) as LaneOwner).ownerId === peers.selfId
      } catch (error) {
        logger.debug({ err: error, lane }, 'it is not known yet whose a lane is')
        await delay(ASK_AGAIN_MS)
      }
    }
    return false
  }

  async function lose(lane: number): Promise<void> {
    mine.delete(lane)
    await options.onLost(lane, false)
    logger.warn({ lane }, 'a lane is in other hands')
  }

  async function giveBack(lane: number): Promise<void> {
    mine.delete(lane)
    await options.onLost(lane, true)
    try {
      await write(lane, null, ownerOf(lane)?.seq ?? 0)
    } catch (error) {
      if (!(error instanceof AppendConflictError)) throw error
    }
  }

  async function write(lane: number, ownerId: string | null, afterSeq: number): Promise<number> {
    const fact: LaneOwner = { v: 1, type: 'lane_owner', lane, ownerId, changedAtMs: clock.nowMs() }
    const message = { subject: controlSubject(fact), body: JSON.stringify(fact), expectLastSubjectSeq: afterSeq }
    return (await control.append(message)).seq
  }

  return {
    async start() {
      if (timer !== null) return
      peers.start()
      timer = setInterval(() => void look(), LOOK_INTERVAL_MS)
      await look()
    },
    async stop() {
      isStopping = true
      if (timer !== null) clearInterval(timer)
      await looking
      const given = [...mine].map(giveBack)
      await Promise.all(given)
      peers.stop()
    },
    isStillOurs,
    async recheck() {
      for (const lane of [...mine]) if (!(await isStillOurs(lane))) await lose(lane)
    },
  }
}
