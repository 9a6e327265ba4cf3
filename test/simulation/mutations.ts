import type { FaultName } from './plan.ts'

/** A deliberate defect: `find`, which stands in `file` exactly once, becomes `replace`. */
export interface Mutation {
  name: string
  file: string
  find: string
  replace: string
  /** Rare ones show in runs that have this trouble and no other. */
  faults?: readonly FaultName[]
}

/** What the simulation must notice. Each is made in the source as it is loaded, in a test's process only. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'a delivery is acknowledged before its fact is on disk',
    file: 'services/deliverer/attempts.ts',
    find: 'const made = await makeRequest(item, subscription)',
    replace: 'item.message.ack(); const made = await makeRequest(item, subscription)',
  },
  {
    name: 'a schedule that fired twice is sent twice',
    file: 'services/deliverer/intake.ts',
    find: 'if (recorded().has(item.attempt.attemptId)) options.onRecorded(item)',
    replace: 'if (item === null) options.onRecorded(item)',
  },
  {
    name: 'the fact comes before the schedule of the retry',
    file: 'services/deliverer/attempts.ts',
    find: "if (fact.decision.type === 'retry') {\n",
    replace:
      "if (fact.decision.type === 'retry') { await ledger.append({ subject: LEDGER_SUBJECTS.attempt, body: JSON.stringify(fact), msgId: attempt.attemptId })\n",
  },
  {
    name: 'a retry is not scheduled',
    file: 'services/deliverer/attempts.ts',
    find: 'await schedule(lane, nextAttempt(attempt, fact, fact.decision, { source: item.source, seq: item.message.seq }))',
    replace:
      'if (options.random() > 0.1) await schedule(lane, nextAttempt(attempt, fact, fact.decision, { source: item.source, seq: item.message.seq }))',
  },
  {
    name: 'attempts are counted by how often the message was handed out',
    file: 'services/deliverer/attempt.ts',
    find: 'attemptNumber: fact.attemptNumber + 1,',
    replace: 'attemptNumber: fact.attemptNumber + (fact.durationMs > 15 ? 2 : 1),',
  },
  {
    name: 'a retry overtakes the attempt before it',
    file: 'services/deliverer/intake.ts',
    find: '!isBeforeRecorded(attempt) ||',
    replace: '',
    faults: ['slow', 'server crash, consumers lost'],
  },
  {
    name: "another's decision of the same attempt is not followed",
    file: 'services/deliverer/attempts.ts',
    find: 'if (isDuplicate) return followRecorded(item)',
    replace: '',
    faults: ['pause', 'disk full'],
  },
  {
    name: 'a cancelled delivery is sent all the same',
    file: 'shared/domain/cancellation.ts',
    find: 'return subscription === undefined || controlSeq < subscription.cancelledBeforeSeq',
    replace: 'return subscription === undefined',
  },
  {
    name: 'a delivery that was called off by itself is sent all the same',
    file: 'services/deliverer/worker.ts',
    find: ' || calledOff.has(attempt.deliveryId)',
    replace: '',
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
    name: 'what is parked is acknowledged before it is on disk',
    file: 'services/deliverer/waiting-room.ts',
    find: 'await parking.park(parking.lotOf(item.lane, subscriptionId, UNORDERED), [item.attempt])',
    replace:
      'item.message.ack(); await parking.park(parking.lotOf(item.lane, subscriptionId, UNORDERED), [item.attempt])',
  },
  {
    name: 'the mark of what is parked is taken away too early',
    file: 'services/deliverer/parking.ts',
    find: 'marker.seq = (await waiting.append(message)).seq\n',
    replace: 'void [message, marker]\n',
  },
  {
    name: 'what is parked is purged beyond what is done',
    file: 'services/deliverer/parking.ts',
    find: 'lot.outstanding.size === 0 ? lot.cursorSeq : Math.min(...lot.outstanding) - 1',
    replace: 'lot.cursorSeq',
  },
  {
    name: 'a new owner takes what the one before had in hand for dealt with',
    file: 'services/deliverer/lane-consumer.ts',
    find: 'nats.jsm.consumers.reset(source.stream, source.consumerName)',
    replace: 'nats.jsm.consumers.reset(source.stream, source.consumerName, seenThroughSeq + 1)',
  },
  {
    name: 'two processes serve a lane, and one does not look at what the other has recorded',
    file: 'services/deliverer/lane-ownership.ts',
    find: 'if (ownerId === peers.selfId || (peers.alive().includes(ownerId) && !doubts.has(ownerId))) return false',
    replace: 'if (peers.selfId !== ownerId) return true',
  },
  {
    name: 'a lane begins behind what is not acknowledged',
    file: 'services/deliverer/lane-progress.ts',
    find: 'Math.max(checkpoint.ledgerSeq, seen.ledger.ackedThroughSeq)',
    replace: 'Math.max(checkpoint.ledgerSeq, seen.ledger.deliveredThroughSeq)',
  },
  {
    name: 'an ordered delivery that waits for a retry lets the next one pass',
    file: 'services/deliverer/chains.ts',
    find: "case 'going on':\n        return 'goes on'",
    replace: "case 'going on':\n        return 'ends'",
  },
  {
    name: 'a dead letter that blocks lets the next one pass',
    file: 'services/deliverer/chains.ts',
    find: "case 'dead':\n        return isBlocking(lot) ? 'blocks' : 'ends'",
    replace: "case 'dead':\n        return 'ends'",
  },
  {
    name: 'it is not noted that an ordered delivery waits for a retry',
    file: 'services/deliverer/chains.ts',
    find: 'next.attemptNumber === head.note?.next?.attemptNumber ? null : write(chain, head, next)',
    replace: 'head.note === null ? null : write(chain, head, next)',
    faults: ['crash'],
  },
  {
    name: 'an ordered delivery is put on disk after it was acknowledged',
    file: 'services/deliverer/chains.ts',
    find: 'await parking.park(\n      chain.lot,',
    replace: 'for (const item of items) item.message.ack()\n    await parking.park(\n      chain.lot,',
    faults: ['crash'],
  },
  {
    name: 'two jobs may both send a dead letter again',
    file: 'services/jobs/dead-letter-desk.ts',
    find: 'body: closing, expectLastSubjectSeq: foldedSeq }',
    replace: 'body: closing }',
  },
  {
    name: 'a job does not look at what others have decided',
    file: 'services/jobs/dead-letter-desk.ts',
    find: 'const open = letters.filter(({ deliveryId }) => !resolved.has(deliveryId))',
    replace: 'const open = letters',
  },
  {
    name: 'after a crash a replay goes on from its progress alone',
    file: 'services/jobs/replay.ts',
    find: 'Math.max(place.fact?.throughEventSeq ?? 0, progress.now.position.seq, selection.fromSeq - 1)',
    replace: 'Math.max(progress.now.position.seq, selection.fromSeq - 1)',
    faults: ['crash'],
  },
  {
    name: 'a job skips what stands behind a part of a page',
    file: 'services/jobs/redrive.ts',
    find: 'const { ledgerSeq, deliveryId } = letters.at(-1)!',
    replace: 'const { ledgerSeq, deliveryId } = page.at(-1)!',
  },
  {
    name: 'a reader of its own appends does not see that others have written between them',
    file: 'shared/runtime/own-appends.ts',
    find: 'if (held === undefined) break',
    replace: 'if (held === undefined && seq < highestSeq) continue\n        if (held === undefined) break',
  },
  {
    name: 'the reconciler is asleep',
    file: 'services/reconciler/worker.ts',
    find: 'if (past !== null) {',
    replace: 'if (past === undefined) {',
  },
]
