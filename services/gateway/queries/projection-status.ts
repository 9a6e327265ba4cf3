import { REBUILD_LOCK, REBUILD_SCHEMA } from '#shared/readmodel/rebuild-names.ts'
import type { Orm } from '#shared/runtime/postgres.ts'

export interface ProjectionCheckpoint {
  name: string
  stream: string
  seq: number
}

export interface ProjectionCheckpoints {
  live: ProjectionCheckpoint[]
  /** Of a rebuild that runs or was broken off. */
  rebuilt: ProjectionCheckpoint[]
  isRebuilding: boolean
}

type Row = { name: string; stream: string; seq: string }

/** How far each projection has come, and each rebuild. */
export async function readProjectionCheckpoints(orm: Orm): Promise<ProjectionCheckpoints> {
  const connection = orm.em.getConnection()
  const read = async (table: string) => {
    const rows = await connection.execute<Row[]>(`SELECT name, stream, seq FROM ${table} ORDER BY name`)
    return rows.map(({ name, stream, seq }) => ({ name, stream, seq: Number(seq) }))
  }
  const shadow = `${REBUILD_SCHEMA}.projection_checkpoints`
  const [state] = await connection.execute<{ has_shadow: boolean; is_held: boolean }[]>(
    `SELECT to_regclass('${shadow}') IS NOT NULL AS has_shadow,
       EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${REBUILD_LOCK} AND classid = 0 AND granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS is_held`,
  )
  const live = await read('projection_checkpoints')
  // The schema goes away when the rebuild is done.
  const rebuilt = state!.has_shadow ? await read(shadow).catch(() => []) : []
  return { live, rebuilt, isRebuilding: state!.is_held }
}
