import type { Orm } from '#shared/runtime/postgres.ts'

export interface ResponseRecord {
  response_id: string
  application_id: string
  error_name: string | null
  http_code: number | null
  headers: Record<string, string> | null
  body: Buffer | null
  is_body_cut: boolean
  elapsed_ms: number
}

export async function findResponse(orm: Orm, responseId: string): Promise<ResponseRecord | null> {
  const [row] = await orm.em
    .getConnection()
    .execute<ResponseRecord[]>('SELECT * FROM responses WHERE response_id = ?', [responseId])
  return row ?? null
}
