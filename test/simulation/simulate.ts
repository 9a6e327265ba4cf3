import { isDeepStrictEqual } from 'node:util'
import { foldLedger } from '#projections/ledger.ts'
import { type ReceivedRequest, type VerifyReport, verifyLedger } from '#scripts/verify/verify-ledger.ts'
import { deliveryIdOf } from '#shared/domain/ids.ts'
import { createSecretBox } from '#shared/domain/secret-box.ts'
import { decodeControlFact } from '#shared/facts/control.ts'
import { decodeEvent } from '#shared/facts/event.ts'
import { decodeLedgerFact } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import { runCustomers } from './customers.ts'
import { createFakeDatabase, newTables, type Tables, writeLedgerRowsTo } from './fake-database.ts'
import { createFakeJetStream } from './fake-jetstream.ts'
import { createFakePeers } from './fake-peers.ts'
import type { FakeStream } from './fake-stream.ts'
import { type FaultName, PAUSE_MAX_MS, planOf, SKEW_MAX_MS } from './plan.ts'
import { createProcesses } from './processes.ts'
import { type Character, createReceivers, digestOf } from './receivers.ts'
import { seededRandom } from './seeded-random.ts'
import { SIM_SETTINGS, type Surroundings } from './sim-process.ts'
import { traceTo } from './trace.ts'
import { makeTrouble } from './trouble.ts'
import { startVirtualTime } from './virtual-time.ts'

/** What a seed came to. */
export interface SimResult {
  seed: number
  /** The faults that this seed was about. */
  faults: FaultName[]
  accepted: number
  report: VerifyReport
  /** What else is not as promised. */
  complaints: string[]
  /** Virtual time in ms that it took. */
  tookMs: number
  steps: number
  broughtBack: number
}

export interface SimulateOptions {
  /** Is given, line by line, the history of what went wrong. */
  tell?(line: string): void
  /** Is given, line by line, everything that happens. */
  tellAll?: ((line: string) => void) | null
  /** These instead of those that the seed would choose. */
  faults?: readonly FaultName[] | undefined
}

const EPOCH_MS = Date.UTC(2026, 0, 1)
/** An ordered queue before a receiver that never takes anything has its own pace: 37 events take 14 min. */
const LIMIT_MS = 25 * 60_000
const LOOK_EVERY_MS = 500
const CALM_MS = 5_000
/** Of the seeds: in these people ask for things to be sent again. */
const ASKING_SHARE = 0.4

const secretBox = createSecretBox([Buffer.alloc(32, 7)])

/**
 * Runs jethook's own code for one seed: trouble first, then none, until everything has ended or time is up.
 */
export async function simulate(seed: number, options: SimulateOptions = {}): Promise<SimResult> {
  const { tell = () => {}, tellAll = null } = options
  const { random, faults, eventCount, characters, orderings } = planOf(seed, options.faults)
  const time = startVirtualTime()
  const clockMs = () => EPOCH_MS + Math.floor(time.nowMs())
  const trace = tellAll === null ? () => {} : traceTo(tellAll, time.nowMs)
  const server = createFakeJetStream(time, random.fork(), clockMs, trace)
  const database = createFakeDatabase(time, random.fork())
  // Of its own, so that what else happens under a seed stays the same.
  const whims = seededRandom(seed ^ 0x5eed)
  const resting = whims.chance(0.2) ? whims.fork() : null
  const receivers = createReceivers(time, random.fork(), (id) => characters.get(id)!, trace, resting)
  const cancelling = whims.chance(0.3) ? whims.fork() : null
  const asking = whims.chance(ASKING_SHARE) ? whims.fork() : null
  // What nothing dies of there is nothing to ask about.
  if (asking) characters.set(asking.pick([...characters.keys()]), asking.pick(['picky', 'never']))
  const [peers, jobPeers] = [createFakePeers(time, 'deliverer'), createFakePeers(time, 'jobs')]
  const around: Surroundings = { server, database, receivers, secretBox, peers, jobPeers, clockMs, trace }
  const processes = createProcesses(around, random.fork(), faults, asking?.fork() ?? null)
  const accepted: string[] = []
  const customers = runCustomers({
    around,
    random: random.fork(),
    faults,
    eventCount,
    characters,
    orderings,
    accepted,
    cancelling,
    asking,
  })
  const trouble = makeTrouble({ time, random: random.fork(), faults, around, processes, gateway: customers.gateway })
  await time.passUntil(() => customers.isDone() && trouble.isOver(), LIMIT_MS)
  processes.heal()
  let quietSinceMs: number | null = null
  let nextLookMs = 0
  const unrestNow = () => {
    const jobId = customers.operators?.openJob() ?? null
    return jobId === null
      ? unrest(server.stream('EVENTS'), server.stream('LEDGER'), database.tables)
      : `job ${jobId} is not over`
  }
  const isQuiet = () => {
    if (time.nowMs() < nextLookMs) return false
    nextLookMs = time.nowMs() + LOOK_EVERY_MS
    if (unrestNow() !== null) quietSinceMs = null
    else quietSinceMs ??= time.nowMs()
    return quietSinceMs !== null && time.nowMs() - quietSinceMs >= CALM_MS
  }
  const isEnded = await time.passUntil(isQuiet, LIMIT_MS)
  const report = await verifyLedger({
    control: messagesOf(server.stream('CONTROL'), (body) => decodeControlFact(text(body))),
    events: messagesOf(server.stream('EVENTS'), decodeEvent),
    ledger: messagesOf(server.stream('LEDGER'), (body) => decodeLedgerFact(text(body))),
    accepted,
    received: receivers.received,
    digest: digestOf,
    isQuiet: true,
    retriesMax: SIM_SETTINGS.MAX_RETRIES,
    // A process that was stopped goes on with what it knew before.
    clockSkewMs: 2 * SKEW_MAX_MS,
    cancelGraceMs: SIM_SETTINGS.DELIVERY_TIMEOUT_MS + 2 * SKEW_MAX_MS + (faults.has('pause') ? 2 * PAUSE_MAX_MS : 0),
  })
  forgiveRepeats(report, server.stream('LEDGER'), receivers.received)
  // What is replayed arrives once more, and should.
  if ((customers.operators?.replayCount() ?? 0) > 0) report.repeatedSuccesses = 0
  const complaints = [
    ...(isEnded ? [] : [`not at rest after ${LIMIT_MS / 60_000} min: ${unrestNow()}`]),
    ...processes.halted(),
    ...(customers.operators?.complaints() ?? []),
    ...differencesOf(server.stream('LEDGER'), database.tables, report),
    ...(isRepetitionCalledFor(faults, processes.delivererCount, characters)
      ? []
      : [report.repeatedSuccesses + report.repeatedAttempts].flatMap((count) =>
          count === 0 ? [] : [`${count} attempts were repeated, which nothing called for`],
        )),
    // An event may be handed in twice after a withdrawal: it is released once.
    ...(faults.has('missing firing') || processes.broughtBack() === 0 || customers.withdrawals() > 0
      ? []
      : [`${processes.broughtBack()} deliveries were brought back, though no schedule was lost`]),
  ]
  processes.end()
  const isWhole = report.violations.length + complaints.length === 0
  if (!isWhole) tellHistory(server.stream('LEDGER'), report, tell)
  return {
    seed,
    faults: [...faults],
    accepted: accepted.length,
    report,
    complaints,
    tookMs: Math.round(time.nowMs()),
    steps: time.steps(),
    broughtBack: processes.broughtBack(),
  }
}

/**
 * With these, what was in hand may be made again; so it may when two deliverers are handed a schedule that fired twice, or when
 * one gives a lane to the other whose last facts it can't write, or of which a request hangs for longer than others may wait.
 */
const REPEATING: readonly FaultName[] = [
  'crash',
  'pause',
  'cut',
  'lost answers',
  'slow',
  'server crash',
  'server crash, consumers lost',
  'redelivery',
]

function isRepetitionCalledFor(
  faults: ReadonlySet<FaultName>,
  delivererCount: number,
  characters: ReadonlyMap<string, Character>,
): boolean {
  const ofTwo: readonly FaultName[] = ['double firing', 'disk full']
  const isCalledForByTwo = ofTwo.some((name) => faults.has(name)) || [...characters.values()].includes('hangs')
  return REPEATING.some((name) => faults.has(name)) || (delivererCount > 1 && isCalledForByTwo)
}

/**
 * A receiver that answers one request with 2xx and the same attempt's repetition with an error leaves both truths possible:
 * no complaint, as long as there was a repetition.
 */
function forgiveRepeats(report: VerifyReport, ledger: FakeStream, received: readonly ReceivedRequest[]): void {
  const recorded = new Map<string, number>()
  for (let seq = 1; seq <= ledger.lastSeq(); seq++) {
    const fact = decodeLedgerFact(text(ledger.get(seq)!.body))
    if (fact.type === 'attempt') recorded.set(fact.deliveryId, (recorded.get(fact.deliveryId) ?? 0) + 1)
  }
  const made = new Map<string, number>()
  for (const { eventId, subscriptionId } of received) {
    const id = `delivery ${deliveryIdOf(eventId, subscriptionId, '')}`
    made.set(id, (made.get(id) ?? 0) + 1)
  }
  report.violations = report.violations.filter(
    ({ invariant, subject }) =>
      invariant !== 'I5' || made.get(subject)! <= (recorded.get(subject.slice('delivery '.length)) ?? 0),
  )
}

const text = (body: Uint8Array) => Buffer.from(body).toString()

async function* messagesOf<T>(stream: FakeStream, decode: (body: Uint8Array) => T) {
  for (let seq = 1; seq <= stream.lastSeq(); seq++) {
    const message = stream.get(seq)
    if (message !== null) yield { seq, value: decode(message.body) }
  }
}

/** What there is still to wait for, or null. */
function unrest(events: FakeStream, ledger: FakeStream, tables: Tables): string | null {
  const projected = tables.checkpoints.get('ledger')?.seq ?? 0
  if (tables.events.size < events.lastSeq()) return `${tables.events.size} of ${events.lastSeq()} events are projected`
  if (projected !== ledger.lastSeq()) return `LEDGER is projected up to ${projected} of ${ledger.lastSeq()}`
  const matched = ledger.lastOf(LEDGER_SUBJECTS.matched)
  const through = matched === null ? 0 : (JSON.parse(text(matched.body)) as { toEventSeq: number }).toEventSeq
  if (through < events.lastSeq()) return `EVENTS is matched up to ${through} of ${events.lastSeq()}`
  for (const { status, deliveryId } of tables.deliveries.values())
    if (status === 'pending') return `delivery ${deliveryId} is pending`
  for (const { status, eventId } of tables.postponed.values())
    if (status === 'waiting') return `event ${eventId} is postponed`
  return null
}

/** The rows that batch after batch came to, crashes included, against one fold of the whole stream. */
function differencesOf(ledger: FakeStream, tables: Tables, report: VerifyReport): string[] {
  const facts = []
  for (let seq = 1; seq <= ledger.lastSeq(); seq++)
    facts.push({ seq, fact: decodeLedgerFact(text(ledger.get(seq)!.body)) })
  const rebuilt = newTables()
  writeLedgerRowsTo(rebuilt, foldLedger(new Map(), facts).rows)
  const names = ['deliveries', 'attempts', 'deadLetters', 'resolutions', 'postponed'] as const
  const differences: string[] = names.flatMap((name) =>
    isDeepStrictEqual(tables[name], rebuilt[name])
      ? []
      : [`${name} differ from a fold of the whole LEDGER: ${firstDifference(tables[name], rebuilt[name])}`],
  )
  const count = (status: string) => [...tables.deliveries.values()].filter((row) => row.status === status).length
  if (count('succeeded') !== report.succeeded)
    differences.push(`${count('succeeded')} rows succeeded, ${report.succeeded} facts`)
  if (count('dead-lettered') !== report.deadLettered) differences.push('dead letters differ from the facts')
  if (count('cancelled') !== report.cancelled) differences.push('cancelled rows differ from the facts')
  return differences
}

function firstDifference(actual: ReadonlyMap<string, unknown>, wanted: ReadonlyMap<string, unknown>): string {
  for (const id of new Set([...actual.keys(), ...wanted.keys()])) {
    const [is, should] = [actual.get(id), wanted.get(id)]
    if (!isDeepStrictEqual(is, should)) return `${JSON.stringify(is)}, not ${JSON.stringify(should)}`
  }
  return 'nowhere'
}

/** The facts of the deliveries that a promise was broken to. */
function tellHistory(ledger: FakeStream, { violations }: VerifyReport, tell: (line: string) => void): void {
  const ids = new Set(violations.map(({ subject }) => subject.split(' ')[1]))
  for (let seq = 1; seq <= ledger.lastSeq(); seq++) {
    const line = text(ledger.get(seq)!.body)
    const fact = decodeLedgerFact(line)
    const isAbout =
      'deliveryId' in fact ? ids.has(fact.deliveryId) : 'eventIds' in fact && fact.eventIds.some((id) => ids.has(id))
    if (isAbout || fact.type === 'cancelled' || fact.type === 'chosen_cancelled') tell(`LEDGER ${seq} ${line}`)
  }
}
