import type pg from 'pg'
import type { Nats } from '#shared/runtime/nats.ts'
import { readStreamState } from '#shared/runtime/streams.ts'
import type { FoldedProjection } from './parts.ts'
import { quoted } from './schemas.ts'

/** How far rows have come, and of what they are. */
export interface Checkpoint {
  name: string
  version: number
  stream: string
  streamCreatedAt: string
  seq: number
  matchedEventSeq: number
}

export async function readCheckpoints(client: pg.Client, schema: string): Promise<Map<string, Checkpoint>> {
  const { rows } = await client.query<Record<string, string>>(
    `SELECT name, version, stream, stream_created_at, seq, matched_event_seq FROM ${quoted(schema)}.projection_checkpoints`,
  )
  return new Map(
    rows.map((row) => [
      row['name']!,
      {
        name: row['name']!,
        version: Number(row['version']),
        stream: row['stream']!,
        streamCreatedAt: row['stream_created_at']!,
        seq: Number(row['seq']),
        matchedEventSeq: Number(row['matched_event_seq']),
      },
    ]),
  )
}

/** Up to where to fold. */
export interface Target {
  seq: number
  /** The live rows are of the same version and stream, and have come exactly so far. */
  isComparable: boolean
}

/** Where the live rows are, so that both can be compared; the stream's end where there are none to be compared with. */
export async function targetOf(
  nats: Nats,
  projection: FoldedProjection,
  live: Checkpoint | undefined,
): Promise<Target> {
  const { createdAt, lastSeq } = await readStreamState(nats, projection.stream)
  const isComparable =
    live !== undefined &&
    live.version === projection.version &&
    live.streamCreatedAt === createdAt &&
    live.seq <= lastSeq
  return { isComparable, seq: isComparable ? live.seq : lastSeq }
}
