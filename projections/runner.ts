import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import type { StreamMessage } from '#shared/runtime/own-appends.ts'
import { createStreamReader } from '#shared/runtime/stream-reader.ts'
import { readStreamState, readStreamStateThrough, type StreamName } from '#shared/runtime/streams.ts'
import { decodePlaced, ProjectionHaltedError, refuseHoles } from './checked-facts.ts'
import type { Projection } from './projection.ts'

const BATCH_MAX = 1_000
/** Larger transactions under load: a third less CPU in Postgres, and a read waits so much longer at the most. */
const GATHER_MS = 50
const CONNECT_TIMEOUT_MS = 5_000
const RECONNECT_WAIT_MS = 500
/** Class of the advisory locks that make one runner the active one; the second key is the projection's. */
const LOCK_CLASS = 0x6a_65_74_02

/** The stream is not the one that the rows were made from, or has lost its end: nobody may go on with it. */
export class StreamReplacedError extends ProjectionHaltedError {
  override name = 'StreamReplacedError'
}

/** An operator has put other rows in place, with a checkpoint of their own (rebuild, rollback). */
class RowsSwappedError extends Error {
  override name = 'RowsSwappedError'
}

export interface RunnerOptions<Fact, State, Rows> {
  nats: Nats
  databaseUrl: string
  logger: Logger
  projection: Projection<Fact, State, Rows>
  /** Called once, when it stops for good. */
  onHalted?: (error: Error) => void
  /** Left out: a connection to `databaseUrl`. */
  openClient?: () => pg.Client
}

export interface ProjectionRunner extends Service {
  readonly projection: string
  readonly stream: StreamName
  /** Why it has stopped for good, or null. */
  haltedBy(): Error | null
  /** Rows are made up to this sequence, as far as is known here; null: another process makes them, or nothing is known yet. */
  foldedSeq(): number | null
}

/** What a runner knows while it holds the lock on its connection. */
interface Session<State> {
  client: pg.Client
  seq: number
  /** Which rows they are: each swap counts it on. */
  generation: number
  state: State
}

/**
 * Folds a stream into rows, exactly once: the checkpoint moves in the rows' own transaction, from the very value that
 * this runner knows. One runner of a projection is active, by an advisory lock of the writing connection; others wait
 * and take over. Trouble with Postgres or NATS is waited out; what would make wrong rows stops the runner.
 */
export function createProjectionRunner<Fact, State, Rows>(options: RunnerOptions<Fact, State, Rows>): ProjectionRunner {
  const { nats, databaseUrl, projection } = options
  const openClient = options.openClient ?? (() => newClient(databaseUrl))
  const logger = options.logger.child({ projection: projection.name })
  let session: Session<State> | null = null
  let connecting: pg.Client | null = null
  let haltedBy: Error | null = null
  let foldedSeq: number | null = null
  let isStopping = false

  const reader = createStreamReader({
    nats,
    logger,
    stream: projection.stream,
    batchMax: BATCH_MAX,
    gatherMs: GATHER_MS,
    isOwnTakenFromMemory: true,
    fromSeq: async () => {
      const { seq } = await ensureSession()
      await refuseReplacedStream(seq)
      return seq + 1
    },
    onBatch,
  })

  async function ensureSession(): Promise<Session<State>> {
    while (session === null) {
      try {
        session = await openSession()
      } catch (error) {
        if (error instanceof ProjectionHaltedError) halt(error)
        if (haltedBy !== null || isStopping) throw error
        logger.warn({ err: error }, 'Postgres is not to be had, trying again')
        await delay(RECONNECT_WAIT_MS)
      }
    }
    return session
  }

  async function openSession(): Promise<Session<State>> {
    const client = openClient()
    connecting = client
    client.on('error', () => dropSession(client))
    try {
      await client.connect()
      await client.query('SELECT pg_advisory_lock($1, hashtext($2))', [LOCK_CLASS, projection.name])
      const checkpoint = await readCheckpoint(client)
      foldedSeq = checkpoint.seq
      return { client, ...checkpoint, state: await projection.loadState(client) }
    } catch (error) {
      await client.end().catch(() => {})
      throw error
    } finally {
      connecting = null
    }
  }

  function dropSession(client: pg.Client): void {
    if (session?.client === client) session = null
    client.end().catch(() => {})
  }

  /** The sequence to go on after. A stream that is another one, or has lost its end, would be read as if nothing was. */
  async function readCheckpoint(client: pg.Client): Promise<{ seq: number; generation: number }> {
    const stream = await readStreamState(nats, projection.stream)
    const { rows } = await client.query<{
      version: number
      stream_created_at: string
      seq: string
      generation: number
    }>('SELECT version, stream_created_at, seq, generation FROM projection_checkpoints WHERE name = $1', [
      projection.name,
    ])
    const [row] = rows
    if (!row) {
      await client.query(
        `INSERT INTO projection_checkpoints (name, version, stream, stream_created_at, seq, matched_event_seq)
         VALUES ($1, $2, $3, $4, 0, 0)`,
        [projection.name, projection.version, projection.stream, stream.createdAt],
      )
      return { seq: 0, generation: 0 }
    }
    const seq = Number(row.seq)
    if (row.version !== projection.version)
      throw new ProjectionHaltedError(
        `${projection.name}: rows of version ${row.version}, not ${projection.version}: rebuild needed`,
      )
    const { createdAt, lastSeq } = await readStreamStateThrough(nats, projection.stream, seq)
    if (row.stream_created_at !== createdAt || lastSeq < seq) {
      throw new StreamReplacedError(
        `${projection.stream} is not the stream that ${projection.name} was made from (identity changed): rebuild needed`,
      )
    }
    return { seq, generation: row.generation }
  }

  /** Each time that reading starts again, the server may have been started on an older copy of its files. */
  async function refuseReplacedStream(seq: number): Promise<void> {
    const { lastSeq } = await readStreamStateThrough(nats, projection.stream, seq)
    if (lastSeq >= seq) return
    const error = new StreamReplacedError(
      `${projection.stream} ends at ${lastSeq}, though ${seq} was read from it: its end is lost`,
    )
    halt(error)
    throw error
  }

  async function onBatch(messages: StreamMessage[]): Promise<void> {
    if (haltedBy !== null) return
    // The connection was lost meanwhile: reading starts again from the checkpoint.
    if (session === null) throw new Error('the connection to Postgres was lost')
    const current = session
    try {
      await refuseHoles(nats, projection, current.seq, messages)
      const facts = messages.map((message) => decodePlaced(projection, message))
      const { rows, state } = projection.fold(current.state, facts)
      await writeBatch(current, rows, messages.at(-1)!.seq)
      current.state = state
    } catch (error) {
      if (error instanceof ProjectionHaltedError) {
        halt(error)
        return
      }
      dropSession(current.client)
      throw error
    }
  }

  /** After a lost answer to COMMIT the next session reads from the database which checkpoint holds. */
  async function writeBatch(current: Session<State>, rows: Rows, toSeq: number): Promise<void> {
    const { client } = current
    // No fsync for each commit: rows and checkpoint are lost together in a crash, and folded again.
    await client.query('BEGIN; SET LOCAL synchronous_commit = off')
    await projection.write(client, rows)
    const moved = await client.query({
      name: 'move-checkpoint',
      text: `UPDATE projection_checkpoints SET seq = $1, matched_event_seq = greatest(matched_event_seq, $2)
             WHERE name = $3 AND version = $4 AND seq = $5 AND generation = $6`,
      values: [
        toSeq,
        projection.matchedEventSeq(rows),
        projection.name,
        projection.version,
        current.seq,
        current.generation,
      ],
    })
    if (moved.rowCount !== 1) {
      await client.query('ROLLBACK')
      await refuseSwapped(current)
      throw new ProjectionHaltedError(`${projection.name}: somebody else has moved the checkpoint`)
    }
    await client.query('COMMIT')
    current.seq = toSeq
    foldedSeq = toSeq
  }

  /** Other rows are gone on with; a checkpoint that was moved under the same rows is not. */
  async function refuseSwapped({ client, generation }: Session<State>): Promise<void> {
    const { rows } = await client.query<{ generation: number }>(
      'SELECT generation FROM projection_checkpoints WHERE name = $1',
      [projection.name],
    )
    const now = rows[0]?.generation ?? generation
    if (now === generation) return
    logger.info({ generation: now }, 'other rows were put in place: going on from their checkpoint')
    throw new RowsSwappedError(`${projection.name}: other rows were put in place`)
  }

  function halt(error: Error): void {
    if (haltedBy !== null) return
    haltedBy = error
    options.onHalted?.(error)
    logger.error({ err: error }, 'projection halted')
    void reader.stop()
  }

  return {
    name: `projection ${projection.name}`,
    projection: projection.name,
    stream: projection.stream,
    async start() {
      reader.start()
    },
    async stop() {
      isStopping = true
      await connecting?.end().catch(() => {})
      await reader.stop()
      await session?.client.end().catch(() => {})
      session = null
    },
    haltedBy: () => haltedBy,
    foldedSeq: () => foldedSeq,
  }
}

function newClient(databaseUrl: string): pg.Client {
  return new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  })
}
