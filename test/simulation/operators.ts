import type { ChosenLetters } from '#services/jobs/chosen-letters.ts'
import { isToBeRun, jobStatus } from '#shared/domain/job.ts'
import type { RegisteredJob } from '#shared/domain/registry-jobs.ts'
import type { ControlFact } from '#shared/facts/control.ts'
import type { DeadLetterSelection, EventSelection, JobKind, JobState } from '#shared/facts/job.ts'
import type { FakeDatabase } from './fake-database.ts'
import { APPLICATIONS, idOf } from './plan.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimProcess, Surroundings } from './sim-process.ts'

interface OperatorsOptions {
  around: Surroundings
  gateway: SimProcess
  /** Those that have subscriptions. */
  applications: readonly string[]
  /** Of its own, so that what else happens under a seed stays the same. */
  random: SeededRandom
  put(fact: ControlFact): Promise<unknown>
}

/** People who have dead letters sent again, or thrown away, and events replayed: some of them at the same time. */
export interface Operators {
  run(): Promise<void>
  /** A job that goes on, or null. */
  openJob(): string | null
  replayCount(): number
  /** Dead letters that a job has left out, though it is done. */
  complaints(): string[]
}

const REQUESTS_MAX = 4
const PAUSE_MAX_MS = 5_000
/** Somebody looks at a list when it has as many dead letters as somebody cares about. */
const DEAD_MIN_MAX = 6
const LOOK_EVERY_MS = 500
const LOOKS_MAX = 24
const BY = { kind: 'user', id: 'u' } as const

export function createOperators({ around, gateway, applications, random, put }: OperatorsOptions): Operators {
  const { server } = around
  const pause = (ms: number) => new Promise<void>((resolve) => server.time.after(ms, resolve))
  const nowMs = () => gateway.clock.nowMs()
  let slot = 0
  let replays = 0

  /** All that the read model knows of as dead now; which of them are still open LEDGER says. */
  const deadLetters = (): DeadLetterSelection => ({
    type: 'dead_letters',
    filter: {},
    throughLedgerSeq: around.database.tables.checkpoints.get('ledger')?.seq ?? 0,
  })

  const events = (): EventSelection => ({
    type: 'events',
    fromSeq: 1,
    throughSeq: server.stream('EVENTS').lastSeq(),
    receivedFromMs: null,
    receivedToMs: null,
    eventTypes: [],
    labels: random.chance(0.3) ? { k: 'a' } : {},
    subscriptionIds: null,
    isOnlyUndelivered: random.chance(0.3),
  })

  function newJob(kind: JobKind, applicationId: string, selection: JobState['selection']): JobState {
    const atMs = nowMs()
    return {
      v: 1,
      type: 'job',
      slot: slot++,
      jobId: idOf(random),
      kind,
      applicationId,
      organizationId: 'o',
      selection,
      ratePerSecond: random.pick([2, 20, 500]),
      wanted: 'run',
      reason: kind === 'discard' ? 'nobody needs it' : null,
      preview: null,
      createdBy: BY,
      createdAtMs: atMs,
      confirmedAtMs: atMs,
      changedAtMs: atMs,
      changedBy: BY,
    }
  }

  async function ask(job: JobState): Promise<void> {
    await put(job)
    if (random.chance(0.7)) return
    await pause(random.int(50, 1_500))
    const wanted = random.chance(0.3) ? 'cancel' : 'pause'
    await put({ ...job, wanted, changedAtMs: nowMs() })
    if (wanted === 'cancel') return
    await pause(random.int(50, 3_000))
    await put({ ...job, changedAtMs: nowMs() })
  }

  /** @returns an application that has so many open dead letters, or null when there is none after a while. */
  async function whoHasDead(count: number): Promise<string | null> {
    for (let i = 0; i < LOOKS_MAX; i++) {
      const { deadLetters: dead, resolutions } = around.database.tables
      const open = [...dead.values()].filter(({ deliveryId }) => !resolutions.has(deliveryId))
      const found = APPLICATIONS.find((id) => open.filter((row) => row.applicationId === id).length >= count)
      if (found !== undefined) return found
      await pause(LOOK_EVERY_MS)
    }
    return null
  }

  async function askForSomething(): Promise<void> {
    await pause(random.next() * PAUSE_MAX_MS)
    if (random.chance(0.3)) {
      replays++
      await ask(newJob('replay', random.pick(applications), events()))
      return
    }
    const applicationId = await whoHasDead(random.int(1, DEAD_MIN_MAX))
    if (applicationId === null) return
    // Two may have the same list before them, and each presses the button.
    const selection = deadLetters()
    const kinds: JobKind[] = ['redrive']
    if (random.chance(0.6)) kinds.push(random.chance(0.8) ? 'redrive' : 'discard')
    await Promise.all(kinds.map((kind) => ask(newJob(kind, applicationId, selection))))
  }

  /** What it has refused may have been sent by another job since. */
  function leftOutBy(job: RegisteredJob): string[] {
    const { selection, applicationId, jobId } = job.state
    if (selection.type !== 'dead_letters' || jobStatus(job) !== 'done') return []
    const { resolved_elsewhere: _, ...refused } = job.progress!.refused
    const refusedCount = Object.values(refused).reduce((sum, count) => sum + count, 0)
    const { deadLetters: dead, resolutions } = around.database.tables
    const left = [...dead.values()].filter(
      (row) =>
        row.applicationId === applicationId &&
        row.ledgerSeq <= selection.throughLedgerSeq &&
        !resolutions.has(row.deliveryId),
    )
    return left.length <= refusedCount ? [] : [`job ${jobId} is done and has left out ${left.length - refusedCount}`]
  }

  return {
    async run() {
      for (let i = random.int(1, REQUESTS_MAX); i > 0; i--) await askForSomething()
    },
    openJob: () => [...gateway.registry.jobs.open()].find(isToBeRun)?.state.jobId ?? null,
    replayCount: () => replays,
    complaints: () => APPLICATIONS.flatMap((id) => gateway.registry.jobs.of(id).flatMap(leftOutBy)),
  }
}

/** The jobs' question, answered from the tables in memory. */
export function chosenLettersOf(database: FakeDatabase): ChosenLetters {
  const { tables } = database
  return {
    async page(applicationId, { throughLedgerSeq }, after, limit) {
      if (database.isDown) throw new Error('the database is down')
      return [...tables.deadLetters.values()]
        .filter((row) => row.applicationId === applicationId && !tables.resolutions.has(row.deliveryId))
        .filter(({ ledgerSeq }) => ledgerSeq > after.seq && ledgerSeq <= throughLedgerSeq)
        .toSorted((a, b) => a.ledgerSeq - b.ledgerSeq)
        .slice(0, limit)
        .map(({ deliveryId, eventId, subscriptionId, ledgerSeq }) => ({
          deliveryId,
          eventId,
          subscriptionId,
          ledgerSeq,
          eventSeq: tables.events.get(eventId)?.seq ?? 0,
          replayId: tables.deliveries.get(deliveryId)?.replayId ?? null,
        }))
    },
  }
}
