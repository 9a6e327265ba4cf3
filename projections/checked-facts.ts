import type { Nats } from '#shared/runtime/nats.ts'
import type { StreamMessage } from '#shared/runtime/own-appends.ts'
import { readStreamState, type StreamName } from '#shared/runtime/streams.ts'
import type { Placed, Projection } from './projection.ts'

/** The stream, the checkpoint or a fact is not what it must be: going on would make a wrong read model. */
export class ProjectionHaltedError extends Error {
  override name = 'ProjectionHaltedError'
}

/**
 * A hole behind the stream's first message is age; a hole anywhere else is loss.
 * @throws {ProjectionHaltedError} naming the hole.
 */
export async function refuseHoles(
  nats: Nats,
  { stream, mayHaveGaps }: { stream: StreamName; mayHaveGaps: boolean },
  afterSeq: number,
  messages: readonly StreamMessage[],
): Promise<void> {
  if (mayHaveGaps) return
  let expected = afterSeq + 1
  for (const { seq } of messages) {
    if (seq !== expected) {
      const { firstSeq } = await readStreamState(nats, stream)
      if (seq < expected || firstSeq <= expected)
        throw new ProjectionHaltedError(`${stream} has a gap: ${seq} follows ${expected - 1}`)
    }
    expected = seq + 1
  }
}

/** @throws {ProjectionHaltedError} naming the message that is nothing that this version knows. */
export function decodePlaced<Fact, State, Rows>(
  { stream, decode }: Projection<Fact, State, Rows>,
  message: StreamMessage,
): Placed<Fact> {
  try {
    return { seq: message.seq, fact: decode(message) }
  } catch (error) {
    throw new ProjectionHaltedError(`${stream} ${message.seq} can't be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
