import { eventsProjection } from '#projections/events.ts'
import { ledgerProjection } from '#projections/ledger.ts'
import { createProjectionRunner } from '#projections/runner.ts'
import { delivererConfig } from '#services/deliverer/config.ts'
import { createDeliverer } from '#services/deliverer/worker.ts'
import { createJobsRunner } from '#services/jobs/worker.ts'
import { createMatcher } from '#services/matcher/worker.ts'
import type { Overdue, OverdueAttempt } from '#services/reconciler/overdue.ts'
import { createReconciler, type Reconciler } from '#services/reconciler/worker.ts'
import { createRegistry } from '#shared/domain/registry.ts'
import type { SecretBox } from '#shared/domain/secret-box.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { createControlReader } from '#shared/runtime/control-reader.ts'
import { createEventCache } from '#shared/runtime/event-cache.ts'
import { createGroupCommitAppender } from '#shared/runtime/group-commit-appender.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import type { StreamName } from '#shared/runtime/streams.ts'
import { type FakeClient, type FakeDatabase, type Tables, writeLedgerRowsTo } from './fake-database.ts'
import type { FakeJetStream } from './fake-jetstream.ts'
import { createFakeConnection, type FakeConnection } from './fake-nats.ts'
import type { FakePeers } from './fake-peers.ts'
import { chosenLettersOf } from './operators.ts'
import type { Receivers } from './receivers.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Trace } from './trace.ts'
import type { Owner } from './virtual-time.ts'

export const ROLES = ['matcher', 'deliverer', 'projections', 'reconciler'] as const
/** Jobs are run where somebody asks for some. */
const ALL_ROLES = [...ROLES, 'jobs'] as const
export type Role = (typeof ALL_ROLES)[number]

/** What all simulated processes share. */
export interface Surroundings {
  server: FakeJetStream
  database: FakeDatabase
  receivers: Receivers
  secretBox: SecretBox
  peers: FakePeers
  jobPeers: FakePeers
  trace: Trace
  /** The wall clock of whoever has no skew. */
  clockMs(): number
}

export interface ProcessOptions {
  name: string
  roles: readonly Role[]
  /** Its clock is ahead by so much. */
  skewMs: number
  random: SeededRandom
  /** Called before each thing that it sends to NATS. */
  onSend?: (what: string) => void
}

/** A process of jethook's, with the code that a real one runs. */
export interface SimProcess {
  owner: Owner
  connection: FakeConnection
  appenders: Record<'events' | 'ledger' | 'waiting' | 'control', Appender>
  clock: { nowMs(): number }
  registry: ReturnType<typeof createRegistry>
  /** Deliveries and events that its reconciler has brought back. */
  broughtBack(): number
  /** Why a projection of it has stopped for good, or null. */
  haltedBy(): Error | null
  /** `kill -9`. */
  kill(): void
}

export const SIM_SETTINGS = loadSettings({
  LANES: '2',
  RETRY_SCHEDULE: '500ms,2s,5s',
  MAX_RETRIES: '3',
  DELIVERY_TIMEOUT_MS: '3000',
  RECONCILE_INTERVAL_MS: '10000',
  RECONCILE_GRACE_MS: '3000',
  DISABLE_ON_GONE: 'false',
  BREAKER_FAILURES: '8',
  BREAKER_TIMEOUTS: '3',
  BREAKER_PROBE_MS: '500',
  BREAKER_PROBE_MAX_MS: '2000',
})
const GIVE_UP_AFTER_MS = 4_000
const logger = createLogger(process.env['TEST_LOG_LEVEL'] ?? 'silent')

export function startProcess(around: Surroundings, options: ProcessOptions): SimProcess {
  const { server, secretBox } = around
  const { time } = server
  const { name, skewMs, roles, random } = options
  const owner: Owner = { name, isAlive: true }
  return time.runAs(owner, () => {
    const connection = createFakeConnection({
      server,
      owner,
      random,
      ...(options.onSend ? { onSend: options.onSend } : {}),
    })
    const { nats } = connection
    const registry = createRegistry()
    const controlReader = createControlReader({ nats, logger, registry })
    const appender = (stream: StreamName, giveUpAfterMs = Number.POSITIVE_INFINITY) =>
      createGroupCommitAppender({ nats, stream, logger, limits: { giveUpAfterMs } })
    const appenders = {
      events: appender('EVENTS', GIVE_UP_AFTER_MS),
      ledger: appender('LEDGER'),
      waiting: appender('WAITING'),
      control: appender('CONTROL', GIVE_UP_AFTER_MS),
    }
    const clock = { nowMs: () => around.clockMs() + skewMs }
    const deps = { nats, registry, controlReader, ...appenders, clock, logger, secretBox, random: random.next }
    const eventCache = createEventCache(nats)
    const runners = [newRunner('ledger'), newRunner('events')]
    let reconciler: Reconciler | null = null

    function newRunner(which: 'ledger' | 'events') {
      const common = { nats, databaseUrl: '', logger, openClient: () => around.database.open(owner) as never }
      return which === 'ledger'
        ? createProjectionRunner({ ...common, projection: inMemoryLedger(around.database.tables) })
        : createProjectionRunner({ ...common, projection: inMemoryEvents })
    }

    const services: Record<Role, () => readonly Service[]> = {
      projections: () => runners,
      deliverer: () => [
        createDeliverer({
          ...deps,
          eventCache,
          config: delivererConfig(SIM_SETTINGS),
          sender: around.receivers.senderOf(owner),
          peers: around.peers.join(owner, nats),
        }),
      ],
      matcher: () => [createMatcher({ ...deps, eventCache, config: { laneCount: SIM_SETTINGS.LANES } })],
      jobs: () => [
        createJobsRunner({
          ...deps,
          eventCache,
          chosenLetters: chosenLettersOf(around.database),
          // So that two jobs of the same time are run by two processes.
          config: { laneCount: SIM_SETTINGS.LANES, runningMax: 1 },
          peers: around.jobPeers.join(owner, nats),
        }),
      ],
      reconciler: () => {
        reconciler = createReconciler({
          ...deps,
          overdue: overdueOf(around.database.tables),
          config: {
            laneCount: SIM_SETTINGS.LANES,
            intervalMs: SIM_SETTINGS.RECONCILE_INTERVAL_MS,
            graceMs: SIM_SETTINGS.RECONCILE_GRACE_MS,
          },
        })
        return [reconciler]
      },
    }

    const process: SimProcess = {
      owner,
      connection,
      appenders,
      clock,
      registry,
      broughtBack: () => reconciler?.broughtBack() ?? 0,
      haltedBy: () => runners.map((runner) => runner.haltedBy()).find((error) => error !== null) ?? null,
      kill() {
        owner.isAlive = false
        connection.close()
      },
    }
    const start = async () => {
      await controlReader.start()
      for (const role of ALL_ROLES)
        if (roles.includes(role)) for (const service of services[role]()) await service.start()
    }
    // What can't start ends, as a real one would, and is started anew by whoever looks after it. A gateway has nobody.
    start().catch(() => roles.length > 0 && process.kill())
    return process
  })
}

function inMemoryLedger(tables: Tables): typeof ledgerProjection {
  return {
    ...ledgerProjection,
    loadState: async () => new Map(tables.cancellations),
    write: (client, rows) => (client as unknown as FakeClient).stage((staged) => writeLedgerRowsTo(staged, rows)),
  }
}

const inMemoryEvents: typeof eventsProjection = {
  ...eventsProjection,
  write: (client, rows) =>
    (client as unknown as FakeClient).stage((tables) => {
      for (const { seq, fact } of rows) tables.events.set(fact.eventId, { seq, event: fact })
    }),
}

/** The reconciler's questions, answered from the tables in memory. */
function overdueOf(tables: Tables): Overdue {
  return {
    ledgerCheckpoint: async () => tables.checkpoints.get('ledger')?.seq ?? 0,
    async attempts(beforeMs, limit, scope) {
      const found = []
      for (const row of tables.attempts.values()) {
        const delivery = tables.deliveries.get(row.deliveryId)
        const event = tables.events.get(row.eventId)
        const dueAtMs = row.delayUntilMs ?? row.createdAtMs
        const isAsked = 'of' in scope ? scope.of === row.subscriptionId : !scope.except.includes(row.subscriptionId)
        if (!isAsked) continue
        if (row.outcome !== null || dueAtMs >= beforeMs || delivery?.status !== 'pending' || event === undefined)
          continue
        const { attemptId, attemptNumber, deliveryId, eventId, eventType, applicationId, subscriptionId, createdAtMs } =
          row
        const ids = { attemptId, attemptNumber, deliveryId, eventId, eventType, applicationId, subscriptionId }
        const { controlSeq, replayId, redriveOf } = delivery
        found.push({
          ...ids,
          ...{ eventSeq: event.seq, controlSeq, createdAtMs, dueAtMs },
          ...(replayId === null ? {} : { replayId }),
          ...(redriveOf === null ? {} : { redriveOf }),
        })
      }
      const isFirst = ({ attemptNumber }: OverdueAttempt) => Number(attemptNumber === 1)
      const inOrder = found.toSorted((a, b) =>
        'of' in scope ? isFirst(a) - isFirst(b) || a.eventSeq - b.eventSeq : a.dueAtMs - b.dueAtMs,
      )
      return inOrder.slice(0, limit)
    },
    async events(beforeMs, limit) {
      return [...tables.postponed.values()]
        .filter(
          ({ status, deliverAtMs, eventId }) =>
            status === 'waiting' && deliverAtMs < beforeMs && tables.events.has(eventId),
        )
        .map(({ eventId, applicationId, deliverAtMs }) => ({
          eventId,
          applicationId,
          deliverAtMs,
          eventSeq: tables.events.get(eventId)!.seq,
        }))
        .slice(0, limit)
    },
  }
}
