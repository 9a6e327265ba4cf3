import { type ControlFact, decodeControlFact } from '#shared/facts/control.ts'
import type { StreamMessage } from '#shared/runtime/own-appends.ts'
import { type AuditEntry, auditEntryOf, insertAuditEntries } from './audit-entry.ts'
import type { Projection } from './projection.ts'

interface AuditedFact {
  fact: ControlFact
  controlSeq: number
}

/**
 * AUDIT → `audit_log`. CONTROL keeps the last few states of a thing only, AUDIT a copy of every change: so the log
 * survives a rebuild. What comes by both ways is one row.
 */
export const auditProjection: Projection<AuditedFact, null, readonly AuditEntry[]> = {
  name: 'audit',
  version: 1,
  stream: 'AUDIT',
  mayHaveGaps: false,
  decode: (message) => ({ fact: decodeControlFact(message.string()), controlSeq: controlSeqOf(message) }),
  loadState: async () => null,
  fold(state, facts) {
    const entries = facts.map(({ fact: { fact, controlSeq } }) => auditEntryOf(fact, controlSeq))
    return { rows: entries.filter((entry) => entry !== null), state }
  },
  write: insertAuditEntries,
  matchedEventSeq: () => 0,
}

/** The server notes where a copy comes from: stream, sequence, filter, transform, subject. */
function controlSeqOf(message: StreamMessage): number {
  const seq = Number(message.headers?.get('Nats-Stream-Source').split(' ')[1])
  if (!Number.isSafeInteger(seq) || seq < 1) throw new Error('AUDIT holds a message that is no copy of CONTROL')
  return seq
}
