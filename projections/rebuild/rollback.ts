import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Nats } from '#shared/runtime/nats.ts'
import { readStreamState } from '#shared/runtime/streams.ts'
import { type Checkpoint, readCheckpoints } from './checkpoints.ts'
import { type Part, partsOf } from './parts.ts'
import {
  BEFORE,
  columnsOf,
  hasTable,
  liveSchemaOf,
  lockRebuilds,
  openClient,
  quoted,
  RebuildRefusedError,
  SHADOW,
} from './schemas.ts'
import { foldKept, swapBack } from './swap.ts'

const SWAPS_MAX = 100
const SWAP_WAIT_MS = 200

/**
 * Puts the rows back that the last rebuild has replaced, brought to where the live ones are if they are of this program's version.
 * A second one undoes the first.
 * @returns where each projection now stands.
 * @throws {RebuildRefusedError} when there are none, or they can't be gone on with.
 */
export async function rollback(options: { nats: Nats; databaseUrl: string; name?: string }): Promise<Checkpoint[]> {
  const client = await openClient(options.databaseUrl)
  try {
    await lockRebuilds(client)
    const live = await liveSchemaOf(client)
    const kept = await readKept(client)
    const parts = partsOf(options.name).filter(({ projections }) => projections.every(({ name }) => kept.has(name)))
    if (parts.length === 0)
      throw new RebuildRefusedError('There are no earlier rows: nothing was replaced by a rebuild.')
    for (const part of parts) await refuseUnusable({ client, nats: options.nats, live, kept }, part)
    await putBack({ ...options, live, parts })
    const now = await readCheckpoints(client, live)
    return parts.flatMap(({ projections }) => projections.map(({ name }) => now.get(name)!))
  } finally {
    await client.end()
  }
}

async function putBack(options: {
  nats: Nats
  databaseUrl: string
  live: string
  parts: readonly Part[]
}): Promise<void> {
  const client = await openClient(options.databaseUrl, BEFORE)
  try {
    const swap = { ...options, client, signal: new AbortController().signal }
    for (let i = 0; i < SWAPS_MAX; i++) {
      await foldKept(swap, true)
      if (await swapBack(swap)) return
      await delay(SWAP_WAIT_MS)
    }
    throw new RebuildRefusedError('The tables are in use all the time. Nothing has changed; try again.')
  } finally {
    await client.end()
  }
}

async function readKept(client: pg.Client): Promise<Map<string, Checkpoint>> {
  return (await hasTable(client, BEFORE, 'projection_checkpoints')) ? readCheckpoints(client, BEFORE) : new Map()
}

async function refuseUnusable(
  { client, nats, live, kept }: { client: pg.Client; nats: Nats; live: string; kept: Map<string, Checkpoint> },
  { name, tables, projections }: Part,
): Promise<void> {
  for (const table of tables)
    if ((await columnsOf(client, live, table)) !== (await columnsOf(client, BEFORE, table)))
      throw new RebuildRefusedError(`${name}: the shape of ${table} has changed since. Rebuild instead.`)
  for (const projection of projections) {
    const { streamCreatedAt, seq } = kept.get(projection.name)!
    const { createdAt, firstSeq, lastSeq } = await readStreamState(nats, projection.stream)
    const isReadable =
      createdAt === streamCreatedAt && seq <= lastSeq && (projection.mayHaveGaps || firstSeq <= seq + 1)
    if (!isReadable)
      throw new RebuildRefusedError(
        `${projection.name}: ${projection.stream} no longer holds what follows ${seq}, where the earlier rows end. Rebuild instead.`,
      )
  }
}

/** Frees the room that earlier rows, and those of a rebuild that was broken off, take. */
export async function forget(databaseUrl: string): Promise<void> {
  const client = await openClient(databaseUrl)
  try {
    await lockRebuilds(client)
    for (const schema of [BEFORE, SHADOW]) await client.query(`DROP SCHEMA IF EXISTS ${quoted(schema)} CASCADE`)
  } finally {
    await client.end()
  }
}
