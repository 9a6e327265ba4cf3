import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Nats } from '#shared/runtime/nats.ts'
import { readCheckpoints, targetOf } from './checkpoints.ts'
import { brokenLaws, compareTables, type TableFigures } from './compare.ts'
import { foldThrough } from './fold-through.ts'
import { type Part, partsOf } from './parts.ts'
import { dropCleaned, keepForgotten } from './retained.ts'
import { liveSchemaOf, lockRebuilds, openClient, RebuildRefusedError, SHADOW } from './schemas.ts'
import { finishIndexes, prepareShadow } from './shadow.ts'
import { swapIn } from './swap.ts'

export interface RebuildOptions {
  nats: Nats
  databaseUrl: string
  /** Of a projection; left out: all of them. */
  name?: string
  /** What a broken-off rebuild has made is thrown away. */
  isFresh?: boolean
  /** The new rows are put in place also where rows of the same version differ from them. */
  isReplacing?: boolean
  /** Ends it between two batches. */
  signal?: AbortSignal
  onProgress?: (progress: RebuildProgress) => void
  /** One line about what is being done. */
  onStep?: (step: string) => void
}

export interface RebuildProgress {
  projection: string
  seq: number
  toSeq: number
  /** Folded by this run. */
  facts: number
  seconds: number
}

export interface RebuildResult {
  /** Folded by this run, and how long that took. */
  facts: number
  seconds: number
  tables: TableFigures[]
}

/** A shadow that is so close to the live rows can be swapped without keeping anybody waiting. */
const LAG_SMALL = 500
const CATCH_UPS_MAX = 50
const SWAPS_MAX = 100
const SWAP_WAIT_MS = 200

/**
 * Makes the rows of one projection or all anew from the streams, in a schema of their own, while the live ones serve and go on;
 * compares counts and checksums of both at the same sequence, and swaps them in one transaction. What ends it before leaves the
 * live rows as they were, and the next one goes on from there.
 * @throws {RebuildRefusedError | ProjectionHaltedError} saying why nothing was swapped.
 */
export async function rebuild(options: RebuildOptions): Promise<RebuildResult> {
  const parts = partsOf(options.name)
  const client = await openClient(options.databaseUrl)
  try {
    await lockRebuilds(client)
    const live = await liveSchemaOf(client)
    return await createRebuild({ ...options, client, live, parts }).run()
  } finally {
    await client.end()
  }
}

interface Context extends RebuildOptions {
  /** Holds the lock. */
  client: pg.Client
  live: string
  parts: readonly Part[]
}

function createRebuild(context: Context) {
  const { nats, client, live, parts, onStep = () => {} } = context
  /** When one part can't be made, the others need not be made to their end first. */
  const failed = new AbortController()
  const signal = AbortSignal.any([failed.signal, ...(context.signal ? [context.signal] : [])])
  const startedMs = performance.now()
  let facts = 0

  async function run(): Promise<RebuildResult> {
    for (const part of parts) {
      const isGoneOn = await prepareShadow({ client, nats, live, isFresh: context.isFresh ?? false }, part)
      if (isGoneOn) onStep(`${part.name}: goes on where it was`)
    }
    await inParallel(catchUp)
    const seconds = (performance.now() - startedMs) / 1_000
    const folded = facts
    onStep('making indexes')
    for (const part of parts) await finishIndexes(client, live, part)
    onStep('comparing counts and checksums')
    await inParallel(catchUp)
    const tables: TableFigures[] = []
    await withShadow(async (shadow) => {
      for (const part of parts) tables.push(...(await check(shadow, part)))
    })
    onStep('swapping')
    await swap()
    // Another part may have been broken off, and is gone on with later.
    if ((await readCheckpoints(client, SHADOW)).size === 0) await client.query(`DROP SCHEMA ${SHADOW} CASCADE`)
    return { facts: folded, seconds, tables }
  }

  /** Parts on connections of their own: while Postgres writes rows of one, the facts of another are decoded. */
  async function inParallel(work: (shadow: pg.Client, part: Part) => Promise<void>): Promise<void> {
    const works = parts.map((part) =>
      withShadow((shadow) => work(shadow, part)).catch((error: unknown) => failed.abort(error)),
    )
    await Promise.all(works)
    failed.signal.throwIfAborted()
  }

  async function withShadow<T>(use: (shadow: pg.Client) => Promise<T>): Promise<T> {
    const shadow = await openClient(context.databaseUrl, SHADOW)
    try {
      return await use(shadow)
    } finally {
      await shadow.end()
    }
  }

  /** Until the live rows are hardly ahead. */
  async function catchUp(shadow: pg.Client, part: Part): Promise<void> {
    for (const projection of part.projections) {
      for (let i = 0; i < CATCH_UPS_MAX; i++) {
        const at = (await readCheckpoints(shadow, SHADOW)).get(projection.name)?.seq ?? 0
        const target = await targetOf(nats, projection, (await readCheckpoints(shadow, live)).get(projection.name))
        if (i > 0 && target.seq - at <= LAG_SMALL) break
        const report = (seq: number) =>
          context.onProgress?.({
            projection: projection.name,
            seq,
            toSeq: target.seq,
            facts,
            seconds: (performance.now() - startedMs) / 1_000,
          })
        const onBatch = (count: number, seq: number) => {
          facts += count
          report(seq)
        }
        await foldThrough({ client: shadow, nats, projection, isCommitting: true, signal, onBatch }, target.seq)
      }
    }
  }

  /** At one moment: the live rows are read as they were then, while they go on. */
  async function check(shadow: pg.Client, part: Part): Promise<TableFigures[]> {
    await shadow.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    try {
      const checkpoints = await readCheckpoints(shadow, live)
      let isComparable = true
      for (const projection of part.projections) {
        const target = await targetOf(nats, projection, checkpoints.get(projection.name))
        isComparable &&= target.isComparable
        await foldThrough({ client: shadow, nats, projection, isCommitting: false, signal }, target.seq)
      }
      const isReplacing = context.isReplacing ?? false
      await keepForgotten({ client: shadow, nats, live }, part)
      if (!isReplacing) await dropCleaned({ client: shadow, nats, live }, part)
      refuseBroken(await brokenLaws(shadow, part))
      const tables = await compareTables(shadow, { live, isComparable }, part)
      if (!isReplacing) refuseDifferent(tables)
      await shadow.query('COMMIT')
      return tables
    } catch (error) {
      await shadow.query('ROLLBACK').catch(() => {})
      throw error
    }
  }

  /** Nobody waits for long: who holds a table longer than a moment is let go first. */
  async function swap(): Promise<void> {
    await withShadow(async (shadow) => {
      for (let i = 0; i < SWAPS_MAX; i++) {
        signal.throwIfAborted()
        if (await swapIn({ client: shadow, nats, live, parts, signal })) return
        await delay(SWAP_WAIT_MS)
        await inParallel(catchUp)
      }
      throw new RebuildRefusedError(
        'The tables could not be swapped, since they are in use all the time (a long query, a verifier, a backup). Nothing has changed; run it again: what was made is still there.',
      )
    })
  }

  return { run }
}

function refuseBroken(broken: readonly string[]): void {
  if (broken.length === 0) return
  throw new RebuildRefusedError(
    `The new rows are wrong in themselves and were not put in place: ${broken.join(', ')}. Run it again with --fresh.`,
  )
}

function refuseDifferent(tables: readonly TableFigures[]): void {
  const different = tables.filter(({ difference }) => difference !== null)
  if (different.length === 0) return
  const lines = different.map(({ table, difference }) => `  ${table}: ${difference}`)
  throw new RebuildRefusedError(
    `The new rows are not those of the live tables, which are of the same version and have read as far:\n${lines.join('\n')}\nNothing was swapped. The streams are the truth: --replace puts the new rows in place.`,
  )
}
