import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream'
import type pg from 'pg'
import type { Nats } from '#shared/runtime/nats.ts'
import { PULL_EXPIRES_MS, PULL_HEARTBEAT_MS, stopWhenSilent } from '#shared/runtime/stream-reader.ts'
import { readStreamState } from '#shared/runtime/streams.ts'
import { ProjectionHaltedError, refuseHoles } from '../checked-facts.ts'
import type { FoldedProjection } from './parts.ts'

export interface FoldOptions {
  /** Its unqualified names mean the shadow's tables. */
  client: pg.Client
  nats: Nats
  projection: FoldedProjection
  /** Rows and checkpoint are written for good with each batch; else they are part of the transaction that is open. */
  isCommitting: boolean
  signal: AbortSignal
  onBatch?: (count: number, seq: number) => void
}

/**
 * Folds from the shadow's checkpoint up to and with `toSeq`; checkpoint and rows move together, so that whatever ends it, it is
 * gone on with from there.
 * @throws {ProjectionHaltedError} when the stream has a hole or a message that can't be read.
 */
export async function foldThrough(options: FoldOptions, toSeq: number): Promise<void> {
  const { client, nats, projection, isCommitting, signal } = options
  let seq = await readSeq(client, projection.name)
  if (seq >= toSeq) return
  const write = await projection.begin(client)
  for await (const messages of batchesBetween(options, seq + 1, toSeq)) {
    signal.throwIfAborted()
    await refuseHoles(nats, projection, seq, messages)
    if (isCommitting) await client.query('BEGIN; SET LOCAL synchronous_commit = off')
    const matchedEventSeq = await write(messages)
    const nextSeq = messages.at(-1)!.seq
    await moveCheckpoint(client, projection.name, { fromSeq: seq, toSeq: nextSeq, matchedEventSeq })
    if (isCommitting) await client.query('COMMIT')
    seq = nextSeq
    options.onBatch?.(messages.length, seq)
  }
  if (seq < toSeq) await passOver(options, seq, toSeq)
}

/** Nothing stands between `seq` and `toSeq` any more: by age or because CONTROL keeps the last states only. */
async function passOver({ client, nats, projection }: FoldOptions, seq: number, toSeq: number): Promise<void> {
  const { firstSeq } = await readStreamState(nats, projection.stream)
  if (!projection.mayHaveGaps && firstSeq <= seq + 1)
    throw new ProjectionHaltedError(
      `${projection.stream} has a gap: nothing follows ${seq}, though it reaches ${toSeq}`,
    )
  await moveCheckpoint(client, projection.name, { fromSeq: seq, toSeq, matchedEventSeq: 0 })
}

async function readSeq(client: pg.Client, name: string): Promise<number> {
  const { rows } = await client.query<{ seq: string }>('SELECT seq FROM projection_checkpoints WHERE name = $1', [name])
  return Number(rows[0]?.seq ?? 0)
}

async function moveCheckpoint(
  client: pg.Client,
  name: string,
  { fromSeq, toSeq, matchedEventSeq }: { fromSeq: number; toSeq: number; matchedEventSeq: number },
): Promise<void> {
  const moved = await client.query({
    name: 'move-shadow-checkpoint',
    text: `UPDATE projection_checkpoints SET seq = $1, matched_event_seq = greatest(matched_event_seq, $2)
           WHERE name = $3 AND seq = $4`,
    values: [toSeq, matchedEventSeq, name, fromSeq],
  })
  if (moved.rowCount !== 1) throw new ProjectionHaltedError(`${name}: somebody else has moved the rebuild's checkpoint`)
}

/** Full batches of what the stream holds from `fromSeq` to `toSeq`; while one is written the next one comes. */
async function* batchesBetween(
  { nats, projection: { stream, batchMax }, signal }: FoldOptions,
  fromSeq: number,
  toSeq: number,
): AsyncGenerator<JsMsg[]> {
  let nextSeq = fromSeq
  while (nextSeq <= toSeq) {
    signal.throwIfAborted()
    const { firstSeq, lastSeq } = await readStreamState(nats, stream)
    if (Math.max(firstSeq, nextSeq) > Math.min(lastSeq, toSeq)) return
    const messages = await startReading(nats, { stream, fromSeq: nextSeq, ahead: batchMax * 2 })
    // What the server has forgotten in a restart is asked for again.
    const forget = nats.onReconnect(() => messages.stop())
    try {
      let batch: JsMsg[] = []
      for await (const message of messages) {
        if (message.seq > toSeq) nextSeq = message.seq
        else batch.push(message)
        const isLast = message.seq >= toSeq || message.info.pending === 0
        if (batch.length > 0 && (isLast || batch.length >= batchMax)) {
          yield batch
          nextSeq = batch.at(-1)!.seq + 1
          batch = []
        }
        if (isLast) return
      }
    } finally {
      forget()
      messages.stop()
    }
  }
}

async function startReading(
  nats: Nats,
  { stream, fromSeq, ahead }: { stream: FoldedProjection['stream']; fromSeq: number; ahead: number },
): Promise<ConsumerMessages> {
  const consumer = await nats.unlessLost(nats.js.consumers.get(stream, { opt_start_seq: fromSeq }))
  const messages = await nats.unlessLost(
    consumer.consume({ max_messages: ahead, expires: PULL_EXPIRES_MS, idle_heartbeat: PULL_HEARTBEAT_MS }),
  )
  void stopWhenSilent(messages)
  return messages
}
