import {
  type AttemptColumns,
  type Cancellation,
  type DeadLetterColumns,
  type DeliveryColumns,
  type LedgerRows,
  type LedgerSegment,
  openRetriesOf,
  type ResolutionColumns,
} from '#projections/ledger.ts'
import type { EventAccepted } from '#shared/facts/event.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Owner, VirtualTime } from './virtual-time.ts'

/** The tables, as far as the simulation has them. */
export interface Tables {
  checkpoints: Map<string, { version: number; streamCreatedAt: string; seq: number }>
  events: Map<string, { seq: number; event: EventAccepted }>
  deliveries: Map<string, DeliveryColumns>
  attempts: Map<string, AttemptColumns>
  deadLetters: Map<string, DeadLetterColumns>
  resolutions: Map<string, ResolutionColumns>
  postponed: Map<string, { eventId: string; applicationId: string; deliverAtMs: number; status: string }>
  cancellations: Map<string, Cancellation>
}

/** What a connection is asked by the projections' runner. */
export interface FakeClient {
  connect(): Promise<void>
  query(sql: unknown, values?: unknown[]): Promise<{ rows: unknown[]; rowCount: number }>
  end(): Promise<void>
  on(event: 'error', listener: () => void): void
  /** Takes part in the transaction: done at COMMIT, or never. */
  stage(change: (tables: Tables) => void): Promise<void>
}

export interface FakeDatabase {
  tables: Tables
  /** Until then nobody gets an answer and connections break. */
  isDown: boolean
  latencyMaxMs: number
  open(owner: Owner): FakeClient
  /** Every connection breaks; one whose COMMIT is under way never learns what became of it. */
  cutAll(): void
}

export function newTables(): Tables {
  return {
    checkpoints: new Map(),
    events: new Map(),
    deliveries: new Map(),
    attempts: new Map(),
    deadLetters: new Map(),
    resolutions: new Map(),
    postponed: new Map(),
    cancellations: new Map(),
  }
}

const LOCK_POLL_MS = 250
const TIMEOUT_MS = 5_000

/** Postgres as the projections' runner sees it: checkpoints, an advisory lock, transactions that are whole or not there. */
export function createFakeDatabase(time: VirtualTime, random: SeededRandom): FakeDatabase {
  const server: Owner = { name: 'postgres', isAlive: true }
  const tables = newTables()
  const locks = new Map<string, Connection>()
  const connections = new Set<Connection>()

  interface Connection {
    owner: Owner
    isOpen: boolean
    staged: ((tables: Tables) => void)[]
    tell: () => void
  }

  function roundTrip<T>(connection: Connection, serve: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = time.after(TIMEOUT_MS, () => reject(new Error('Postgres does not answer')), connection.owner)
      const wayMs = () => random.next() * database.latencyMaxMs
      time.after(
        wayMs(),
        () => {
          if (!connection.isOpen || database.isDown) return
          const result = serve()
          time.after(
            wayMs(),
            () => {
              if (!connection.isOpen) return
              cancel()
              resolve(result)
            },
            connection.owner,
          )
        },
        server,
      )
    })
  }

  function release(connection: Connection): void {
    connection.isOpen = false
    connection.staged = []
    connections.delete(connection)
    for (const [name, holder] of locks) if (holder === connection) locks.delete(name)
  }

  function execute(connection: Connection, sql: string, values: unknown[]): { rows: unknown[]; rowCount: number } {
    const rows = (found: unknown[]) => ({ rows: found, rowCount: found.length })
    if (sql.startsWith('SELECT version, stream_created_at, seq')) {
      const row = tables.checkpoints.get(values[0] as string)
      return rows(
        row
          ? [{ version: row.version, stream_created_at: row.streamCreatedAt, seq: String(row.seq), generation: 0 }]
          : [],
      )
    }
    if (sql.startsWith('INSERT INTO projection_checkpoints')) {
      const [name, version, , createdAt] = values as [string, number, string, string]
      tables.checkpoints.set(name, { version, streamCreatedAt: createdAt, seq: 0 })
      return rows([])
    }
    if (sql.startsWith('BEGIN') || sql === 'ROLLBACK') {
      connection.staged = []
      return rows([])
    }
    if (sql.startsWith('UPDATE projection_checkpoints SET seq = $1')) {
      const [seq, , name, version, before] = values as [number, number, string, number, number]
      const row = tables.checkpoints.get(name)
      if (row === undefined || row.version !== version || row.seq !== before) return { rows: [], rowCount: 0 }
      connection.staged.push(() => {
        row.seq = seq
      })
      return { rows: [], rowCount: 1 }
    }
    if (sql === 'COMMIT') {
      for (const change of connection.staged) change(tables)
      connection.staged = []
      return rows([])
    }
    throw new Error(`The simulated database does not know: ${sql}`)
  }

  const database: FakeDatabase = {
    tables,
    isDown: false,
    latencyMaxMs: 2,
    open(owner) {
      const connection: Connection = { owner, isOpen: true, staged: [], tell: () => {} }
      return {
        connect: () =>
          roundTrip(connection, () => {
            connections.add(connection)
          }),
        async query(sql, values = []) {
          const text = typeof sql === 'string' ? sql : (sql as { text: string }).text
          const given = typeof sql === 'string' ? values : ((sql as { values?: unknown[] }).values ?? [])
          if (text.startsWith('SELECT pg_advisory_lock')) return lock(connection, String(given[1]))
          return roundTrip(connection, () => execute(connection, text, given))
        },
        stage: (change) => roundTrip(connection, () => void connection.staged.push(change)),
        async end() {
          release(connection)
        },
        on: (_, listener) => {
          connection.tell = listener
        },
      }
    },
    cutAll() {
      for (const connection of [...connections]) {
        const { owner, tell } = connection
        release(connection)
        time.after(random.next() * 20, tell, owner)
      }
    },
  }

  async function lock(connection: Connection, name: string): Promise<{ rows: unknown[]; rowCount: number }> {
    while (true) {
      const isHeld = await roundTrip(connection, () => {
        const holder = locks.get(name)
        if (holder !== undefined && holder !== connection && holder.owner.isAlive && holder.isOpen) return false
        locks.set(name, connection)
        return true
      })
      if (isHeld) return { rows: [], rowCount: 0 }
      await new Promise<void>((resolve) => time.after(LOCK_POLL_MS, resolve, connection.owner))
    }
  }

  return database
}

/** What `writeLedgerRows` does to the tables in Postgres. */
export function writeLedgerRowsTo(tables: Tables, { segments }: LedgerRows): void {
  for (const segment of segments) writeSegment(tables, segment)
}

function writeSegment(tables: Tables, segment: LedgerSegment): void {
  for (const row of segment.postponed.values())
    if (!tables.postponed.has(row.eventId)) tables.postponed.set(row.eventId, { ...row, status: 'waiting' })
  for (const [id, { status }] of segment.postponementsEnded) {
    const row = tables.postponed.get(id)
    if (row?.status === 'waiting') row.status = status
  }
  for (const [id, row] of segment.newDeliveries) {
    const known = tables.deliveries.get(id)
    if (known === undefined) tables.deliveries.set(id, { ...row })
    else if (known.status === 'pending' && row.status !== 'pending')
      Object.assign(known, { status: row.status, finishedAtMs: row.finishedAtMs })
  }
  for (const [id, end] of segment.finishedDeliveries) {
    const known = tables.deliveries.get(id)
    if (known?.status === 'pending') Object.assign(known, end)
  }
  for (const [id, row] of segment.attempts) {
    const known = tables.attempts.get(id)
    if (known === undefined) tables.attempts.set(id, { ...row })
    else if (row.hasResponse && !known.hasResponse)
      tables.attempts.set(id, { ...row, createdAtMs: known.createdAtMs, delayUntilMs: known.delayUntilMs })
  }
  for (const { attemptId, deliveryId } of openRetriesOf(segment)) {
    const [attempt, delivery] = [tables.attempts.get(attemptId)!, tables.deliveries.get(deliveryId)]
    if (attempt.outcome === null && delivery?.status === 'cancelled')
      Object.assign(attempt, { outcome: 'cancelled', failedAtMs: delivery.finishedAtMs })
  }
  for (const [id, pickedAtMs] of segment.startedAttempts) {
    const known = tables.attempts.get(id)
    if (known !== undefined && known.outcome === null) known.pickedAtMs = pickedAtMs
  }
  for (const [id, row] of segment.deadLetters)
    if (tables.deliveries.get(id)?.status === 'dead-lettered' && !tables.deadLetters.has(id))
      tables.deadLetters.set(id, row)
  for (const [id, row] of segment.resolutions) if (!tables.resolutions.has(id)) tables.resolutions.set(id, row)
  if (segment.thenCancelled !== null) cancelOpen(tables, segment.thenCancelled.fact)
}

function cancelOpen(tables: Tables, cancelled: NonNullable<LedgerSegment['thenCancelled']>['fact']): void {
  const { applicationId, cancelledAtMs } = cancelled
  const isInScope = (row: DeliveryColumns) => {
    if (cancelled.type === 'chosen_cancelled') return cancelled.deliveryIds.includes(row.deliveryId)
    const isOfScope =
      cancelled.subscriptionId === null
        ? row.applicationId === applicationId
        : row.subscriptionId === cancelled.subscriptionId
    return isOfScope && row.controlSeq < cancelled.controlSeq
  }
  if (cancelled.type === 'cancelled')
    tables.cancellations.set(cancelled.subscriptionId ?? applicationId, {
      controlSeq: cancelled.controlSeq,
      cancelledAtMs,
    })
  const closed = new Set<string>()
  for (const row of tables.deliveries.values()) {
    if (!isInScope(row) || row.status !== 'pending') continue
    Object.assign(row, { status: 'cancelled', finishedAtMs: cancelledAtMs })
    closed.add(row.deliveryId)
  }
  for (const row of tables.attempts.values())
    if (closed.has(row.deliveryId) && row.outcome === null)
      Object.assign(row, { outcome: 'cancelled', failedAtMs: cancelledAtMs })
}
