import type { Nats } from '#shared/runtime/nats.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { readStreamStateThrough, type StreamName } from '#shared/runtime/streams.ts'
import { StreamReplacedError } from './runner.ts'

/**
 * Nothing may be sent from streams that are older than what was read from them: it would be sent again, and what was
 * accepted since would be missed by nobody.
 * @throws {StreamReplacedError} naming the stream, and what to do.
 */
export async function refuseOlderStreams(nats: Nats, orm: Orm): Promise<void> {
  const rows = await orm.em
    .getConnection()
    .execute<{ stream: StreamName; seq: string; stream_created_at: string }[]>(
      'SELECT stream, seq, stream_created_at FROM projection_checkpoints',
    )
  for (const { stream, seq, stream_created_at: createdAt } of rows) {
    const state = await readStreamStateThrough(nats, stream, Number(seq))
    if (state.createdAt === createdAt && state.lastSeq >= Number(seq)) continue
    const what =
      state.createdAt === createdAt ? `ends at ${state.lastSeq}, before ${seq}` : 'is another one than before'
    throw new StreamReplacedError(
      `${stream} ${what}: the read model has seen more than the streams hold. Put the newest copy of the streams back; or, if they are all there is, drop the read model's tables and start: it is made anew`,
    )
  }
}
