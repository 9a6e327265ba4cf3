/** A place in the product's code at which a test may end the process: `failpoint-loader.ts` puts it there, nothing else does. */
export interface Failpoint {
  name: string
  /** From the project's root. */
  file: string
  /** Text of the file that occurs once. */
  anchor: string
  where: 'before' | 'after'
  /** Only where this expression of the place holds does a passage count. */
  when?: string
  /** A last statement before the end. */
  first?: string
}

const INGEST = 'services/gateway/ingest.ts'
const ADMISSION = 'services/gateway/nats-door/admission.ts'
const SUBSCRIPTIONS = 'services/gateway/routes/subscriptions.ts'
const MATCHER = 'services/matcher/worker.ts'
const RELEASE = 'services/matcher/release.ts'
const ATTEMPTS = 'services/deliverer/attempts.ts'
const INTAKE = 'services/deliverer/intake.ts'
const LANE = 'services/deliverer/lane.ts'
const OWNERSHIP = 'services/deliverer/lane-ownership.ts'
const RECONCILER = 'services/reconciler/worker.ts'
const RUNNER = 'projections/runner.ts'

const APPEND_DELIVERIES = 'const { seq } = await ledger.appendGroup([...messages, closing], { isUrgent })\n'
const SCHEDULE_RETRY =
  'await schedule(lane, nextAttempt(attempt, fact, fact.decision, { source: item.source, seq: item.message.seq }))\n'
const APPEND_ATTEMPT = 'const { isDuplicate } = await ledger.append({\n      subject: LEDGER_SUBJECTS.attempt,'

export const FAILPOINTS: readonly Failpoint[] = [
  {
    name: 'event-stored-not-answered',
    file: INGEST,
    anchor: 'const { isDuplicate, seq } = await appenders.events.append(message)\n',
    where: 'after',
  },
  {
    name: 'inbox-events-stored-not-acknowledged',
    file: ADMISSION,
    anchor:
      'const results = await ingest.batch(group.map((candidate, i) => sentPost(candidate, traces[i]!.traceparent)))\n',
    where: 'after',
    when: "results.some((result) => 'event' in result)",
  },
  {
    name: 'inbox-rejected-not-acknowledged',
    file: ADMISSION,
    anchor: 'await reject(inbox, problem)\n',
    where: 'after',
  },
  { name: 'before-deliveries', file: MATCHER, anchor: APPEND_DELIVERIES, where: 'before' },
  { name: 'after-deliveries', file: MATCHER, anchor: APPEND_DELIVERIES, where: 'after' },
  {
    name: 'event-postponed-before-its-fact',
    file: MATCHER,
    anchor: 'await Promise.all(events.flatMap(({ postponed }) => (postponed ? [schedule(postponed)] : [])))\n',
    where: 'after',
    when: 'events.some(({ postponed }) => postponed)',
  },
  {
    name: 'before-release',
    file: RELEASE,
    anchor: 'const { seq } = await ledger.appendGroup([...messages, closing])\n',
    where: 'before',
  },
  {
    name: 'after-release',
    file: RELEASE,
    anchor: 'const { seq } = await ledger.appendGroup([...messages, closing])\n',
    where: 'after',
  },
  { name: 'claimed', file: INTAKE, anchor: 'held.add(item)\n', where: 'after' },
  {
    name: 'answered-nothing-recorded',
    file: ATTEMPTS,
    anchor: 'const result = await sender.send(request)\n',
    where: 'after',
  },
  { name: 'before-schedule', file: ATTEMPTS, anchor: SCHEDULE_RETRY, where: 'before' },
  { name: 'scheduled-before-fact', file: ATTEMPTS, anchor: SCHEDULE_RETRY, where: 'after' },
  { name: 'before-fact', file: ATTEMPTS, anchor: APPEND_ATTEMPT, where: 'before' },
  {
    name: 'fact-before-acknowledgement',
    file: ATTEMPTS,
    anchor: 'recorded().add(fact)\n',
    where: 'before',
  },
  {
    name: 'lane-checkpoint-before-purge',
    file: LANE,
    anchor: 'await control.append({ subject: controlSubject(checkpoint), body: JSON.stringify(checkpoint) })\n',
    where: 'after',
  },
  {
    name: 'lane-claimed-not-opened',
    file: OWNERSHIP,
    anchor: 'await options.onGained(lane)\n',
    where: 'before',
  },
  { name: 'in-the-transaction', file: RUNNER, anchor: 'await projection.write(client, rows)\n', where: 'after' },
  { name: 'before-commit', file: RUNNER, anchor: "await client.query('COMMIT')\n", where: 'before' },
  {
    name: 'commit-sent-not-answered',
    file: RUNNER,
    anchor: "await client.query('COMMIT')\n",
    where: 'before',
    first: "void client.query('COMMIT')",
  },
  { name: 'commit-not-noted', file: RUNNER, anchor: "await client.query('COMMIT')\n", where: 'after' },
  {
    name: 'brought-back',
    file: RECONCILER,
    anchor: 'broughtBack++\n',
    where: 'before',
  },
  {
    name: 'disabled-not-yet-cancelled',
    file: SUBSCRIPTIONS,
    anchor: 'if (!body.is_enabled) await cancelOpen(changed!.fact, changed!.seq, waitingSeq)\n',
    where: 'before',
    when: '!body.is_enabled',
  },
]

/** How often the anchor occurs in the file's text; it must be once. */
export function countAnchors({ anchor }: Failpoint, source: string): number {
  return source.split(anchor).length - 1
}

/** The file's text with a call of `passFailpoint` at the place; no line gets another number. */
export function insertFailpoint(failpoint: Failpoint, source: string): string {
  const { anchor, where, when = 'true', first = '' } = failpoint
  const call = `;if (${when}) globalThis.passFailpoint(() => {${first}});`
  return source.replace(anchor, () => (where === 'before' ? call + anchor : anchor + call))
}
