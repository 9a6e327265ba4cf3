import type { LedgerFact } from '#shared/facts/ledger.ts'
import type { Placed, Violation } from './verify-ledger.ts'

const HISTORIES_MAX = 10
const LINES_MAX = 40

/**
 * What LEDGER tells of the deliveries and events that violations are about, by their subject, for a person to read.
 * @param ledger From its beginning, once more.
 */
export async function historiesOf(
  violations: readonly Violation[],
  ledger: AsyncIterable<Placed<LedgerFact>>,
): Promise<Map<string, string[]>> {
  const byId = new Map<string, string[]>()
  const histories = new Map<string, string[]>()
  for (const { subject } of violations) {
    const [, id] = /^(?:delivery|event) (\S+)$/.exec(subject) ?? []
    if (id === undefined || histories.size === HISTORIES_MAX) continue
    const lines = byId.get(id) ?? []
    byId.set(id, lines)
    histories.set(subject, lines)
  }
  if (byId.size === 0) return histories
  for await (const { seq, value } of ledger) {
    for (const id of new Set(idsOf(value))) {
      const lines = byId.get(id)
      if (lines !== undefined && lines.length < LINES_MAX) lines.push(`LEDGER ${seq}  ${describe(value)}`)
    }
  }
  return histories
}

function idsOf(fact: LedgerFact): string[] {
  switch (fact.type) {
    case 'delivery':
    case 'attempt':
      return [fact.deliveryId, fact.eventId]
    case 'started':
    case 'skipped':
      return [fact.deliveryId]
    case 'chosen_cancelled':
      return fact.deliveryIds
    case 'withdrawn':
    case 'replayed':
      return [fact.eventId]
    case 'rejected':
      return fact.eventId === null ? [] : [fact.eventId]
    case 'released':
      return fact.eventIds
    default:
      return []
  }
}

const at = (ms: number) => new Date(ms).toISOString()

function describe(fact: LedgerFact): string {
  switch (fact.type) {
    case 'delivery':
      return `${at(fact.createdAtMs)} delivery ${fact.deliveryId} to ${fact.subscriptionId}, matched with CONTROL ${fact.controlSeq}`
    case 'started':
      return `${at(fact.startedAtMs)} attempt ${fact.attemptId} is under way`
    case 'attempt': {
      const answer = fact.response?.statusCode ?? fact.errorName ?? 'no answer'
      const next = fact.decision.type === 'retry' ? `retry at ${at(fact.decision.atMs)}` : fact.decision.type
      return `${at(fact.startedAtMs)} attempt ${fact.attemptNumber} to ${at(fact.finishedAtMs)}: ${answer}, ${next}`
    }
    case 'released':
      return `${at(fact.releasedAtMs)} released`
    case 'rejected':
      return `${at(fact.rejectedAtMs)} message ${fact.inboxSeq} of INBOX rejected: ${fact.problemId}`
    case 'withdrawn':
      return `${at(fact.withdrawnAtMs)} withdrawn`
    case 'replayed':
      return `${at(fact.replayedAtMs)} replayed as ${fact.replayId}`
    default:
      return fact.type
  }
}
