import type { Registry } from '#shared/domain/registry.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'

const CONTROL_WAIT_MS = 5_000

/** A subscription that was made before an event was posted is seen, whichever gateway it went through. */
export async function catchUpWithControl({
  nats,
  registry,
  controlReader,
  logger,
}: {
  nats: Nats
  registry: Registry
  controlReader: ControlReader
  logger: Logger
}): Promise<void> {
  const { lastSeq } = await readStreamState(nats, STREAM_NAMES.control)
  while (!(await controlReader.waitFor(lastSeq, CONTROL_WAIT_MS))) {
    logger.warn({ lastSeq, seq: registry.seq }, 'matching waits for CONTROL')
  }
}
