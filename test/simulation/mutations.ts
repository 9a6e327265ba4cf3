/** A deliberate defect: `find`, which stands in `file` exactly once, becomes `replace`. */
export interface Mutation {
  name: string
  file: string
  find: string
  replace: string
}

/** What the simulation must notice. Each is made in the source as it is loaded, in a test's process only. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'a delivery is acknowledged before its fact is on disk',
    file: 'services/deliverer/worker.ts',
    find: 'const made = await makeRequest(item, subscription)',
    replace: 'item.message.ack(); const made = await makeRequest(item, subscription)',
  },
  {
    name: 'a schedule that fired twice is sent twice',
    file: 'services/deliverer/worker.ts',
    find: 'if (!recorded.has(item.attempt.attemptId)) dispatcher.add(item)',
    replace: 'if (item !== null) dispatcher.add(item)',
  },
  {
    name: 'the fact comes before the schedule of the retry',
    file: 'services/deliverer/worker.ts',
    find: "if (fact.decision.type === 'retry') {",
    replace:
      "if (fact.decision.type === 'retry') await ledger.append({ subject: LEDGER_SUBJECTS.attempt, body: JSON.stringify(fact), msgId: attempt.attemptId }); if (fact.decision.type === 'retry') {",
  },
  {
    name: 'a retry is not scheduled',
    file: 'services/deliverer/worker.ts',
    find: 'await schedule(lane, nextAttempt(fact, fact.decision, { source: item.source, seq: item.message.seq }))',
    replace:
      'if (deps.random() > 0.1) await schedule(lane, nextAttempt(fact, fact.decision, { source: item.source, seq: item.message.seq }))',
  },
  {
    name: 'attempts are counted by how often the message was handed out',
    file: 'services/deliverer/attempt.ts',
    find: 'attemptNumber: fact.attemptNumber + 1,',
    replace: 'attemptNumber: fact.attemptNumber + (fact.durationMs > 15 ? 2 : 1),',
  },
  {
    name: 'a retry overtakes the attempt before it',
    file: 'services/deliverer/worker.ts',
    find: '!isBeforeRecorded(attempt) ||',
    replace: '',
  },
  {
    name: "another's decision of the same attempt is not followed",
    file: 'services/deliverer/worker.ts',
    find: 'if (isDuplicate) return followRecorded(item)',
    replace: '',
  },
  {
    name: 'a cancelled delivery is sent all the same',
    file: 'shared/domain/cancellation.ts',
    find: 'return subscription === undefined || controlSeq < subscription.cancelledBeforeSeq',
    replace: 'return subscription === undefined',
  },
  {
    name: 'the checkpoint moves outside the transaction',
    file: 'projections/runner.ts',
    find: "await client.query('BEGIN; SET LOCAL synchronous_commit = off')",
    replace:
      "await client.query('BEGIN; x'); await client.query({ text: 'UPDATE projection_checkpoints SET seq = $1', values: [toSeq, 0, projection.name, projection.version, current.seq] }); await client.query('COMMIT'); current.seq = toSeq; await client.query('BEGIN; SET LOCAL synchronous_commit = off')",
  },
  {
    name: 'after a crash a projection begins one fact too late',
    file: 'projections/runner.ts',
    find: 'return seq + 1\n    },',
    replace: 'return seq === 0 ? 1 : seq + 2\n    },',
  },
  {
    name: 'the matcher skips an event after a restart',
    file: 'services/matcher/worker.ts',
    find: 'return (lastMatched?.toEventSeq ?? 0) + 1',
    replace: 'return (lastMatched === null ? 0 : lastMatched.toEventSeq + 1) + 1',
  },
  {
    name: 'two matchers may both write',
    file: 'services/matcher/worker.ts',
    find: 'expectLastSubjectSeq: matchedSeq,',
    replace: '',
  },
  {
    name: 'the matcher does not wait for CONTROL',
    file: 'services/matcher/worker.ts',
    find: 'const controlSeq = registry.seq',
    replace: 'const controlSeq = registry.seq + 1',
  },
  {
    name: 'an event whose schedule fires twice is released twice',
    file: 'services/matcher/release.ts',
    find: '|| ended.has(due.eventId)',
    replace: '',
  },
  {
    name: 'a postponed event is matched by the time of now',
    file: 'services/matcher/worker.ts',
    find: 'deliverAtMs > receivedAtMs)',
    replace: 'deliverAtMs > clock.nowMs())',
  },
  {
    name: 'an append that has no answer counts as done',
    file: 'shared/runtime/group-commit-appender.ts',
    find: 'for (const unit of units) unit.isUnclear = true\n        return units',
    replace: 'for (const unit of units) settle(unit, { seq: 1, isDuplicate: false })\n        return []',
  },
  {
    name: 'a lane begins behind what is not acknowledged',
    file: 'services/deliverer/lane-progress.ts',
    find: 'Math.max(checkpoint.ledgerSeq, seen.ledger.ackedThroughSeq)',
    replace: 'Math.max(checkpoint.ledgerSeq, seen.ledger.deliveredThroughSeq)',
  },
  {
    name: 'the reconciler is asleep',
    file: 'services/reconciler/worker.ts',
    find: 'if (past !== null) {',
    replace: 'if (past === undefined) {',
  },
]
