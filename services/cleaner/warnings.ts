import { decodeLedgerFact, type EventsMatched } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { readLastOf, readStored, readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
/** The part of a stream's age from which on what is still needed is in danger. */
const DANGER_RATIO = 0.8

/** How old a message is that somebody has yet to read. */
interface Unread {
  stream: 'EVENTS' | 'LEDGER'
  /** Who has not read it. */
  reader: string
  ageMs: number
}

/** What a stream is going to drop before it was read; each a sentence for an operator. */
export async function unreadWarnings(
  { nats, orm }: { nats: Nats; orm: Orm },
  { nowMs, eventsMaxAgeDays, ledgerMaxAgeDays }: { nowMs: number; eventsMaxAgeDays: number; ledgerMaxAgeDays: number },
): Promise<string[]> {
  const unread = [...(await unreadByProjections({ nats, orm }, nowMs)), ...(await unreadByMatcher(nats, nowMs))]
  return unread.flatMap(({ stream, reader, ageMs }) => {
    const maxAgeMs = (stream === 'EVENTS' ? eventsMaxAgeDays : ledgerMaxAgeDays) * DAY_MS
    if (ageMs < maxAgeMs * DANGER_RATIO) return []
    const hours = Math.max(0, Math.floor((maxAgeMs - ageMs) / 3_600_000))
    return [`${reader} is far behind: in ${hours} hours ${stream} begins to drop what it has not read`]
  })
}

async function unreadByProjections({ nats, orm }: { nats: Nats; orm: Orm }, nowMs: number): Promise<Unread[]> {
  const rows = await orm.em
    .getConnection()
    .execute<{ name: string; stream: string; seq: string }[]>('SELECT name, stream, seq FROM projection_checkpoints')
  const unread: Unread[] = []
  for (const { name, stream, seq } of rows) {
    if (stream !== 'EVENTS' && stream !== 'LEDGER') continue
    const ageMs = await ageOf(nats, stream, Number(seq) + 1, nowMs)
    if (ageMs !== null) unread.push({ stream, reader: `the projection ${name}`, ageMs })
  }
  return unread
}

async function unreadByMatcher(nats: Nats, nowMs: number): Promise<Unread[]> {
  const last = await readLastOf(nats, STREAM_NAMES.ledger, LEDGER_SUBJECTS.matched)
  const through = last === null ? 0 : (decodeLedgerFact(last.string()) as EventsMatched).toEventSeq
  const ageMs = await ageOf(nats, 'EVENTS', through + 1, nowMs)
  return ageMs === null ? [] : [{ stream: 'EVENTS', reader: 'matching', ageMs }]
}

/** Null: nothing is there to be read. */
async function ageOf(nats: Nats, stream: 'EVENTS' | 'LEDGER', seq: number, nowMs: number): Promise<number | null> {
  const { firstSeq, lastSeq } = await readStreamState(nats, stream)
  if (seq > lastSeq) return null
  const message = await readStored(nats, stream, Math.max(seq, firstSeq))
  return message === null ? null : nowMs - message.time.getTime()
}

/** Open dead letters of an application whose events are about to be dropped: afterwards nobody can send them again. */
export interface ExpiringLetters {
  application_id: string
  count: number
  /** When the first of them can't be sent any more. */
  first_expires_at: string
}

export async function expiringDeadLetters(
  orm: Orm,
  { nowMs, eventsMaxAgeDays }: { nowMs: number; eventsMaxAgeDays: number },
): Promise<ExpiringLetters[]> {
  const maxAgeMs = eventsMaxAgeDays * DAY_MS
  const rows = await orm.em.getConnection().execute<{ application_id: string; count: number; oldest_ms: number }[]>(
    `SELECT d.application_id, count(*)::int AS count, (extract(epoch FROM min(e.received_at)) * 1000)::float8 AS oldest_ms
     FROM dead_letters d JOIN events e ON e.event_id = d.event_id
     WHERE d.resolution IS NULL AND e.received_at < to_timestamp(?::float8 / 1000) AND e.received_at > to_timestamp(?::float8 / 1000)
     GROUP BY 1`,
    [nowMs - maxAgeMs * DANGER_RATIO, nowMs - maxAgeMs],
  )
  return rows.map(({ application_id, count, oldest_ms }) => ({
    application_id,
    count,
    first_expires_at: new Date(oldest_ms + maxAgeMs).toISOString(),
  }))
}
