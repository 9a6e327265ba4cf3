import type { Nats } from '#shared/runtime/nats.ts'
import { readStreamState } from '#shared/runtime/streams.ts'
import { type Checkpoint, readCheckpoints } from './checkpoints.ts'
import { PARTS } from './parts.ts'
import { BEFORE, hasTable, isRebuildUnderWay, liveSchemaOf, openClient, SHADOW } from './schemas.ts'

export interface ProjectionStatus {
  name: string
  /** What this program makes rows of. */
  version: number
  lastSeq: number
  live: Checkpoint | null
  /** Of a rebuild that is under way or was broken off. */
  shadow: Checkpoint | null
  /** What a rollback would put back. */
  before: Checkpoint | null
}

export async function projectionsStatus(options: {
  nats: Nats
  databaseUrl: string
}): Promise<{ isRebuilding: boolean; projections: ProjectionStatus[] }> {
  const client = await openClient(options.databaseUrl)
  try {
    const read = async (schema: string) =>
      (await hasTable(client, schema, 'projection_checkpoints'))
        ? readCheckpoints(client, schema)
        : new Map<string, Checkpoint>()
    const live = await read(await liveSchemaOf(client))
    const [shadow, before] = [await read(SHADOW), await read(BEFORE)]
    const projections: ProjectionStatus[] = []
    for (const { name, version, stream } of PARTS.flatMap((part) => part.projections)) {
      const { lastSeq } = await readStreamState(options.nats, stream)
      const of = (checkpoints: Map<string, Checkpoint>) => checkpoints.get(name) ?? null
      projections.push({ name, version, lastSeq, live: of(live), shadow: of(shadow), before: of(before) })
    }
    return { isRebuilding: await isRebuildUnderWay(client), projections }
  } finally {
    await client.end()
  }
}
