import type { Orm } from '#shared/runtime/postgres.ts'

/** How far the read model is, as stream sequences. */
export interface Checkpoints {
  events: number
  ledger: number
  control: number
  /** Matching is done, and its deliveries have rows, up to this EVENTS sequence. */
  matchedEvents: number
}

export async function readCheckpoints(orm: Orm): Promise<Checkpoints> {
  const rows = await orm.em
    .getConnection()
    .execute<{ name: string; seq: string; matched_event_seq: string }[]>(
      'SELECT name, seq, matched_event_seq FROM projection_checkpoints',
    )
  const of = (name: string) => rows.find((row) => row.name === name)
  return {
    events: Number(of('events')?.seq ?? 0),
    ledger: Number(of('ledger')?.seq ?? 0),
    control: Number(of('control')?.seq ?? 0),
    matchedEvents: Number(of('ledger')?.matched_event_seq ?? 0),
  }
}
