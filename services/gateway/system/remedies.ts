import type { SystemAnswer, SystemLight } from '#shared/contract/system-schemas.ts'

/** What an operator does about a part that is not well, by how the part's name begins. More: docs/operations.md. */
const REMEDIES: [beginning: string, remedy: string][] = [
  [
    'postgres',
    'Events are accepted and delivered meanwhile. Start Postgres, or mend DATABASE_URL; rows follow by themselves.',
  ],
  ['nats', 'Nothing is accepted until it is back. Start nats-server, or mend NATS_URL.'],
  ['store', 'Free space on the disk of nats-server, or raise its max_file_store.'],
  ['projection', 'Rows stand still. Look at the log for the cause, then: jethook projections rebuild.'],
  ['audit copies', 'Restart nats-server; the audit log is completed from CONTROL.'],
  ['retention', 'Raise EVENTS_MAX_AGE_DAYS and LEDGER_MAX_AGE_DAYS, or see why what is waiting does not move.'],
  ['deliverer', 'Look at the log; a restart takes up every delivery where it was.'],
  ['matcher', 'Look at the log; a restart goes on where matching was.'],
  ['reconciler', 'It needs Postgres and NATS. What was lost meanwhile is found at its next look.'],
  ['outcomes', 'Only who listens to out.> misses something. Look at the log.'],
  ['notifier', 'Operational webhooks and mails are late. Look at the log.'],
  ['inbox', 'Events over NATS wait in INBOX. Look at the log.'],
  [
    'auth callout',
    'New NATS clients are not let in, or revoked ones stay. Look at the log of this process and of nats-server.',
  ],
  ['ingest by NATS', 'Requests over NATS are not answered. Look at the log.'],
  ['control', 'This process may know older settings than others. Restart it if it stays so.'],
]

/** @returns null when the part is well. */
export function remedyOf(part: string, status: SystemLight): string | null {
  if (status === 'ok') return null
  return REMEDIES.find(([beginning]) => part.startsWith(beginning))?.[1] ?? 'Look at the log of this process.'
}

const FULL_RATIO = 0.9
const NEARLY_FULL_RATIO = 0.8

/** @param totalBytes 0: there is no limit. */
export function fillLight(usedBytes: number, totalBytes: number): SystemLight {
  const ratio = totalBytes > 0 ? usedBytes / totalBytes : 0
  return ratio >= FULL_RATIO ? 'bad' : ratio >= NEARLY_FULL_RATIO ? 'warn' : 'ok'
}

const LAG_WARN = 10_000

/** @param lag Null: it can't be known. */
export function lagLight(lag: number | null): SystemLight {
  return lag === null ? 'bad' : lag > LAG_WARN ? 'warn' : 'ok'
}

type Lit = { status: SystemLight }

/** The worst of all. A lane that nobody serves counts, a reconciler that is elsewhere doesn't. */
export function overallLight(answer: Omit<SystemAnswer, 'status'>): SystemLight {
  const { parts, streams, projections, lanes, reconciler, disk } = answer
  const all: Lit[] = [...parts, ...streams, ...projections, ...lanes]
  for (const one of [reconciler, disk]) if (one !== null) all.push(one)
  const worst = (light: SystemLight) => all.some(({ status }) => status === light)
  return worst('bad') ? 'bad' : worst('warn') ? 'warn' : 'ok'
}
