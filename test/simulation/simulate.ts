import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { foldLedger } from '#projections/ledger.ts'
import { type ReceivedRequest, type VerifyReport, verifyLedger } from '#scripts/verify/verify-ledger.ts'
import { cancelledMessage } from '#shared/domain/cancellation.ts'
import { deliveryIdOf, laneOf } from '#shared/domain/ids.ts'
import { createSecretBox } from '#shared/domain/secret-box.ts'
import {
  type ControlFact,
  controlSubject,
  decodeControlFact,
  type Ordering,
  type SubscriptionState,
} from '#shared/facts/control.ts'
import { decodeEvent, encodeEvent } from '#shared/facts/event.ts'
import { decodeLedgerFact } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS, WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import { decodeHeadNote } from '#shared/facts/waiting.ts'
import { AppendUnknownError } from '#shared/runtime/appender.ts'
import { letNextOneGo } from '#shared/runtime/let-next-one-go.ts'
import { applicationState, eventTypeState, organizationState, subscriptionState } from '../support/control-facts.ts'
import { createFakeDatabase, newTables, type Tables, writeLedgerRowsTo } from './fake-database.ts'
import { createFakeJetStream, NO_SERVER_FAULTS } from './fake-jetstream.ts'
import { createFakePeers } from './fake-peers.ts'
import type { FakeStream } from './fake-stream.ts'
import { CHARACTERS, type Character, createReceivers, digestOf } from './receivers.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { ROLES, type Role, SIM_SETTINGS, type SimProcess, type Surroundings, startProcess } from './sim-process.ts'
import { traceTo } from './trace.ts'
import { type Owner, startVirtualTime, type VirtualTime } from './virtual-time.ts'

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

/** Kinds of trouble; each seed has some of them. */
export const FAULT_NAMES = [
  'crash',
  'pause',
  'cut',
  'lost answers',
  'slow',
  'server crash',
  'server crash, consumers lost',
  'disk full',
  'double firing',
  'missing firing',
  'late firing',
  'redelivery',
  'database cut',
  'database down',
  'clock skew',
] as const
export type FaultName = (typeof FAULT_NAMES)[number]

const EPOCH_MS = Date.UTC(2026, 0, 1)
const TROUBLE_MS = 15_000
const LIMIT_MS = 15 * 60_000
const LOOK_EVERY_MS = 500
const CALM_MS = 5_000
const PAUSE_MAX_MS = 25_000
const SKEW_MAX_MS = 5_000
const APPLICATIONS = ['app', 'other']

interface Plan {
  random: SeededRandom
  faults: ReadonlySet<FaultName>
  eventCount: number
  characters: Map<string, Character>
  /** Of some subscriptions; the others take events in any order. */
  orderings: Map<string, Ordering>
}

/** Of the subscriptions. */
const ORDERED_SHARE = 0.3
const ORDERINGS: readonly Ordering[] = [
  { by: { type: 'subscription' }, onDeadLetter: 'pass' },
  { by: { type: 'label', name: 'k' }, onDeadLetter: 'pass' },
  { by: { type: 'label', name: 'k' }, onDeadLetter: 'block' },
]

function planOf(seed: number, wanted: readonly FaultName[] | undefined): Plan {
  const random = seededRandom(seed)
  // One in ten runs is without trouble: nothing may be repeated there.
  const share = random.chance(0.1) ? 0 : random.pick([0.1, 0.25, 0.5])
  const chosen = FAULT_NAMES.filter(() => random.chance(share))
  const faults = new Set(wanted ?? chosen)
  const characters = new Map<string, Character>()
  const count = random.int(1, 4)
  for (let i = 0; i < count; i++) characters.set(idOf(random), random.pick(CHARACTERS))
  const orderings = new Map<string, Ordering>()
  for (const id of characters.keys()) if (random.chance(ORDERED_SHARE)) orderings.set(id, random.pick(ORDERINGS))
  return { random, faults, eventCount: random.int(5, 40), characters, orderings }
}

function idOf(random: SeededRandom): string {
  const hex = Array.from({ length: 32 }, () => random.int(0, 15).toString(16)).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

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
  const around: Surroundings = { server, database, receivers, secretBox, peers: createFakePeers(time), clockMs, trace }
  const processes = createProcesses(around, random.fork(), faults)
  const accepted: string[] = []
  const customers = runCustomers({
    around,
    random: random.fork(),
    faults,
    eventCount,
    characters,
    orderings,
    accepted,
    cancelling: whims.chance(0.3) ? whims.fork() : null,
  })
  const trouble = makeTrouble({ time, random: random.fork(), faults, around, processes, gateway: customers.gateway })
  await time.passUntil(() => customers.isDone() && trouble.isOver(), LIMIT_MS)
  processes.heal()
  let quietSinceMs: number | null = null
  let nextLookMs = 0
  const isQuiet = () => {
    if (time.nowMs() < nextLookMs) return false
    nextLookMs = time.nowMs() + LOOK_EVERY_MS
    if (unrest(server.stream('EVENTS'), server.stream('LEDGER'), database.tables) !== null) quietSinceMs = null
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
  const complaints = [
    ...(isEnded
      ? []
      : [
          `not at rest after ${LIMIT_MS / 60_000} min: ${unrest(server.stream('EVENTS'), server.stream('LEDGER'), database.tables)}`,
        ]),
    ...processes.halted(),
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
  const names = ['deliveries', 'attempts', 'deadLetters', 'postponed'] as const
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

// -- processes -------------------------------------------------------------------------------------------------------

interface Processes {
  running: SimProcess[]
  delivererCount: number
  heal(): void
  halted(): string[]
  broughtBack(): number
  end(): void
}

const RESTART_MAX_MS = 4_000
const WATCH_MS = 250
/** A process that is to crash does so when it sends its so-manieth message at the most. */
const CRASH_WITHIN_SENDS = 400

/** One to three processes, which share the roles; each that dies is started anew. */
function createProcesses(around: Surroundings, random: SeededRandom, faults: ReadonlySet<FaultName>): Processes {
  const { time } = around.server
  const supervisor: Owner = { name: 'supervisor', isAlive: true }
  const running: SimProcess[] = []
  let isHealed = false
  let broughtBack = 0
  const halted: string[] = []
  const shares = shareRoles(random)
  for (const roles of shares) launch(running.length, roles)

  function launch(place: number, roles: readonly Role[]): void {
    around.trace(`process ${place}`, () => `starts: ${roles.join(', ')}`)
    const skewMs = faults.has('clock skew') ? random.int(-SKEW_MAX_MS, SKEW_MAX_MS) : 0
    let sendsLeft = faults.has('crash') ? random.int(1, CRASH_WITHIN_SENDS) : Number.POSITIVE_INFINITY
    const isBefore = random.chance(0.5)
    const started = startProcess(around, {
      name: `process ${place}`,
      roles,
      skewMs,
      random: random.fork(),
      onSend() {
        if (isHealed || --sendsLeft !== 0) return
        if (isBefore) started.kill()
        else time.after(0, () => started.kill(), supervisor)
      },
    })
    running[place] = started
    const watch = () => {
      const error = started.haltedBy()
      if (error !== null) halted.push(`halted: ${error.message}`)
      else if (started.owner.isAlive) time.after(WATCH_MS, watch, supervisor)
      else {
        around.trace(`process ${place}`, 'is gone')
        broughtBack += started.broughtBack()
        time.after(isHealed ? 100 : random.next() * RESTART_MAX_MS, () => launch(place, roles), supervisor)
      }
    }
    time.after(WATCH_MS, watch, supervisor)
  }

  return {
    running,
    delivererCount: shares.filter((roles) => roles.includes('deliverer')).length,
    heal() {
      isHealed = true
    },
    halted: () => halted,
    broughtBack: () => running.reduce((sum, each) => sum + each.broughtBack(), broughtBack),
    end() {
      supervisor.isAlive = false
      for (const each of running) each.kill()
    },
  }
}

function shareRoles(random: SeededRandom): (readonly Role[])[] {
  const count = random.int(1, 3)
  if (count === 1) return [ROLES]
  const shares: Role[][] = Array.from({ length: count }, () => ROLES.filter(() => random.chance(0.6)))
  for (const role of ROLES) if (!shares.some((share) => share.includes(role))) random.pick(shares).push(role)
  return shares
}

// -- customers -------------------------------------------------------------------------------------------------------

interface CustomersOptions {
  around: Surroundings
  random: SeededRandom
  faults: ReadonlySet<FaultName>
  eventCount: number
  characters: ReadonlyMap<string, Character>
  orderings: ReadonlyMap<string, Ordering>
  accepted: string[]
  /** Decides what is called off, and when; null: nothing is. */
  cancelling: SeededRandom | null
}

/** Makes subscriptions, posts events, disables and enables: all through a gateway's own appenders. */
function runCustomers(options: CustomersOptions) {
  const { around, random, faults, eventCount, characters, orderings, accepted, cancelling } = options
  const { time } = around.server
  const skewMs = faults.has('clock skew') ? random.int(-SKEW_MAX_MS, SKEW_MAX_MS) : 0
  const gateway = startProcess(around, { name: 'gateway', roles: [], skewMs, random: random.fork() })
  const { appenders, clock } = gateway
  const pause = (ms: number) => new Promise<void>((resolve) => time.after(ms, resolve))
  let isDone = false
  let withdrawals = 0

  async function insist<T>(act: () => Promise<T>): Promise<T> {
    while (true) {
      try {
        return await act()
      } catch {
        await pause(200)
      }
    }
  }

  /** Once: CONTROL keeps no more than the last few states of a thing. */
  const put = (fact: ControlFact) => {
    const message = { subject: controlSubject(fact), body: JSON.stringify(fact), msgId: randomUUID() }
    return insist(() => appenders.control.append(message))
  }

  async function setUp(): Promise<void> {
    await put(organizationState())
    for (const applicationId of APPLICATIONS) {
      await put(applicationState({ applicationId }))
      await put(eventTypeState('a.b.c', { applicationId }))
    }
    for (const id of characters.keys()) if (random.chance(0.8)) await put(stateOf(id))
  }

  function stateOf(subscriptionId: string, more: Partial<SubscriptionState> = {}): SubscriptionState {
    const secrets = { secret: 'secret', targetHeaders: {}, targetUrl: `http://localhost/${subscriptionId}` }
    return subscriptionState(subscriptionId, {
      applicationId: APPLICATIONS[subscriptionId.charCodeAt(0) % 4 === 0 ? 1 : 0]!,
      sealed: around.secretBox.seal(JSON.stringify(secrets), `subscription:${subscriptionId}`),
      ordering: orderings.get(subscriptionId) ?? null,
      ...more,
    })
  }

  /** As a client does: without an answer it posts the same event again, a few times. */
  async function post(): Promise<void> {
    const [applicationId, nowMs] = [random.pick(APPLICATIONS), clock.nowMs()]
    const eventId = idOf(random)
    const isLate = random.chance(0.1)
    const labels: Record<string, string> = random.chance(0.9) ? { k: random.pick(['a', 'b']) } : {}
    const body = (appendId: string) =>
      encodeEvent(
        {
          v: 1,
          eventId,
          applicationId,
          organizationId: 'o',
          eventType: 'a.b.c',
          payloadContentType: 'application/json',
          labels,
          metadata: {},
          occurredAt: new Date(nowMs).toISOString(),
          receivedAtMs: nowMs,
          ...(isLate ? { deliverAtMs: nowMs + random.int(1_000, 10_000) } : {}),
          ip: '127.0.0.1',
          controlSeq: gateway.registry.seq,
          appendId,
        },
        Buffer.from(`{"n":"${eventId}"}`),
      )
    for (let i = 0; i < 4; i++) {
      try {
        await appenders.events.append({
          subject: `event.${applicationId}.a.b.c`,
          body: body(randomUUID()),
          msgId: `${applicationId}:${eventId}`,
        })
        accepted.push(eventId)
        if (isLate && random.chance(0.3)) await withdraw(applicationId, eventId)
        return
      } catch (error) {
        if (!(error instanceof AppendUnknownError)) return
      }
    }
  }

  /** Perhaps in time, perhaps not: of the withdrawal and the release the first one counts. */
  async function withdraw(applicationId: string, eventId: string): Promise<void> {
    await pause(random.int(500, 10_000))
    // As the gateway does: what is not known to wait can't be withdrawn.
    if (around.database.tables.postponed.get(eventId)?.status !== 'waiting') return
    withdrawals++
    const withdrawnBy = { kind: 'user', id: 'u' }
    const fact = { v: 1, type: 'withdrawn', eventId, applicationId, withdrawnAtMs: clock.nowMs(), withdrawnBy }
    await insist(() => appenders.ledger.append({ subject: LEDGER_SUBJECTS.postponed, body: JSON.stringify(fact) }))
  }

  async function toggle(subscriptionId: string): Promise<void> {
    const off = await put(stateOf(subscriptionId, { isEnabled: false, updatedAtMs: 1 }))
    await cancel(subscriptionId, off.seq)
    await pause(random.int(100, 4_000))
    await put(stateOf(subscriptionId, { lastCancelledSeq: off.seq, updatedAtMs: 2 }))
  }

  /** Paused for a while: what comes due waits, and no attempt is used up. */
  async function holdBack(subscriptionId: string): Promise<void> {
    await pause(random.int(100, 4_000))
    await put(stateOf(subscriptionId, { pausedAtMs: clock.nowMs(), updatedAtMs: 1 }))
    await pause(random.int(500, 8_000))
    const drainPerSecond = random.chance(0.5) ? random.int(2, 50) : null
    await put(stateOf(subscriptionId, { drainPerSecond, updatedAtMs: 2 }))
  }

  async function cancel(subscriptionId: string, controlSeq: number): Promise<void> {
    // A gateway that dies here says nothing: the reconciler has to.
    if (faults.has('crash') && random.chance(0.5)) return
    const { applicationId } = stateOf(subscriptionId)
    const message = cancelledMessage({ applicationId, subscriptionId }, { controlSeq, atMs: clock.nowMs() })
    await insist(() => appenders.ledger.append(message))
  }

  /** A delivery, or all that an event has open, as the read model knows them. */
  async function callOff(chance: SeededRandom): Promise<void> {
    const open = [...around.database.tables.deliveries.values()].filter(({ status }) => status === 'pending')
    if (open.length === 0) return
    const one = chance.pick(open)
    const chosen = chance.chance(0.5) ? [one] : open.filter(({ eventId }) => eventId === one.eventId)
    const fact = {
      v: 1,
      type: 'chosen_cancelled',
      deliveryIds: chosen.map(({ deliveryId }) => deliveryId),
      applicationId: one.applicationId,
      cancelledAtMs: clock.nowMs(),
      cancelledBy: { kind: 'user', id: 'u' },
    }
    await insist(() => appenders.ledger.append({ subject: LEDGER_SUBJECTS.cancelled, body: JSON.stringify(fact) }))
    // A gateway that dies here leaves the schedules: what they bring is dropped.
    if (chance.chance(0.3)) return
    const { nats } = gateway.connection
    for (const { deliveryId, subscriptionId } of chosen) {
      const lane = laneOf(subscriptionId, SIM_SETTINGS.LANES)
      for (const filter of [
        WAITING_SUBJECTS.head(lane, subscriptionId, '*', deliveryId),
        WAITING_SUBJECTS.retry(lane, subscriptionId, deliveryId),
        WAITING_SUBJECTS.parkedOfDelivery(lane, subscriptionId, deliveryId),
      ])
        await nats.jsm.streams.purge('WAITING', { filter }).catch(() => {})
    }
  }

  /** Everything that a subscription has open; it goes on with what comes next. */
  async function callOffSubscription(subscriptionId: string): Promise<void> {
    const { applicationId, organizationId } = stateOf(subscriptionId)
    const { seq } = await put({
      v: 1,
      type: 'cancellation',
      subscriptionId,
      applicationId,
      organizationId,
      changedAtMs: clock.nowMs(),
      changedBy: { kind: 'user', id: 'u' },
    })
    await cancel(subscriptionId, seq)
  }

  async function cancelNowAndThen(chance: SeededRandom): Promise<void> {
    for (let i = chance.int(1, 6); i > 0; i--) {
      await pause(chance.next() * 4_000)
      if (chance.chance(0.2)) await callOffSubscription(chance.pick([...characters.keys()]))
      else await callOff(chance)
    }
  }

  /** Sees to it that no dead letter holds others up for ever. */
  async function skipNowAndThen(): Promise<void> {
    while (true) {
      await pause(random.int(500, 3_000))
      for (const name of blockingHeads(around.server.stream('WAITING'))) await skip(name).catch(() => {})
    }
  }

  async function skip({ lane, subscriptionId, deliveryId }: BlockingHead): Promise<void> {
    const { applicationId } = stateOf(subscriptionId)
    const skippedBy = { kind: 'user', id: 'u' }
    const about = { v: 1, type: 'skipped', deliveryId, subscriptionId, applicationId }
    const body = JSON.stringify({ ...about, skippedAtMs: clock.nowMs(), skippedBy })
    await appenders.ledger.append({ subject: LEDGER_SUBJECTS.skipped, body, msgId: `skip:${deliveryId}` })
    await letNextOneGo(gateway.connection.nats, { lane, subscriptionId, deliveryId })
  }

  async function run(): Promise<void> {
    await setUp()
    if ([...orderings.values()].some(({ onDeadLetter }) => onDeadLetter === 'block')) void skipNowAndThen()
    const toggled = random.chance(0.4) ? [random.pick([...characters.keys()])] : []
    const toggling = toggled.map(async (id) => {
      await pause(random.int(0, 5_000))
      await toggle(id)
    })
    const posting = Array.from({ length: eventCount }, async () => {
      await pause(random.next() ** 2 * TROUBLE_MS * 0.8)
      await post()
    })
    const late = [...characters.keys()].filter((id) => !toggled.includes(id))
    const later = late.map(async (id) => {
      await pause(random.int(100, 6_000))
      await put(stateOf(id))
      if (random.chance(0.3)) await holdBack(id)
    })
    await Promise.all([...toggling, ...posting, ...later, ...(cancelling ? [cancelNowAndThen(cancelling)] : [])])
    isDone = true
  }

  void time.runAs(gateway.owner, run)
  return { gateway, isDone: () => isDone, withdrawals: () => withdrawals }
}

interface BlockingHead {
  lane: number
  subscriptionId: string
  deliveryId: string
}

function blockingHeads(waiting: FakeStream): BlockingHead[] {
  const found: BlockingHead[] = []
  for (let seq = waiting.firstSeq(); seq <= waiting.lastSeq(); seq++) {
    const message = waiting.get(seq)
    if (!message?.subject.startsWith('parked.head.') || decodeHeadNote(text(message.body)).next !== null) continue
    const [lane, subscriptionId, , deliveryId] = message.subject.split('.').slice(2)
    found.push({ lane: Number(lane), subscriptionId: subscriptionId!, deliveryId: deliveryId! })
  }
  return found
}

// -- trouble ---------------------------------------------------------------------------------------------------------

interface TroubleOptions {
  time: VirtualTime
  random: SeededRandom
  faults: ReadonlySet<FaultName>
  around: Surroundings
  processes: Processes
  gateway: SimProcess
}

/** Makes each of the seed's kinds of trouble a few times, and takes back at the end what lasts. */
function makeTrouble({ time, random, faults, around, processes, gateway }: TroubleOptions) {
  const { server, database } = around
  const demon: Owner = { name: 'trouble', isAlive: true }
  const at = (ms: number, act: () => void) => time.after(ms, act, demon)
  const often = (name: FaultName, timesMax: number, act: () => void) => {
    if (!faults.has(name)) return
    for (let i = random.int(1, timesMax); i > 0; i--) at(random.next() * TROUBLE_MS, act)
  }
  const anybody = () => random.pick([...processes.running, gateway])
  const cutAll = () => {
    const downMs = random.int(20, 2_000)
    for (const { connection } of [...processes.running, gateway]) connection.cut(downMs + random.int(0, 100))
  }
  const crashServer = (losesConsumers: boolean) => {
    cutAll()
    server.crash(losesConsumers)
  }

  if (faults.has('double firing')) server.faults.doubleFiring = 0.5
  if (faults.has('missing firing')) server.faults.missingFiring = 0.2
  if (faults.has('late firing')) server.faults.lateFiringMaxMs = 8_000
  if (faults.has('redelivery')) server.faults.spuriousRedelivery = 0.2
  if (faults.has('slow')) server.faults.fsyncMaxMs = 200
  const { trace } = around
  often('cut', 5, () => {
    const [unlucky, downMs] = [anybody(), random.int(20, 2_000)]
    trace(unlucky.owner.name, () => `is cut off for ${downMs} ms`)
    unlucky.connection.cut(downMs)
  })
  often('lost answers', 3, () => {
    const [unlucky, forMs] = [anybody(), random.int(100, 3_000)]
    trace(unlucky.owner.name, () => `hears nothing for ${forMs} ms`)
    unlucky.connection.loseAnswers(forMs)
  })
  often('slow', 3, () => {
    anybody().connection.latencyMaxMs = random.int(10, 300)
  })
  often('pause', 2, () => {
    const { owner } = random.pick(processes.running)
    trace(owner.name, 'is paused')
    if ((owner.pausedUntilMs ?? 0) < time.nowMs()) owner.pausedSinceMs = time.nowMs()
    owner.pausedUntilMs = Math.max(owner.pausedUntilMs ?? 0, time.nowMs() + random.int(500, PAUSE_MAX_MS))
  })
  often('server crash', 3, () => crashServer(false))
  often('server crash, consumers lost', 2, () => crashServer(true))
  often('disk full', 2, () => {
    server.faults.isDiskFull = true
    at(random.int(100, 3_000), () => {
      server.faults.isDiskFull = false
    })
  })
  often('database cut', 5, database.cutAll)
  often('database down', 2, () => {
    database.isDown = true
    at(random.int(100, 6_000), () => {
      database.isDown = false
      database.cutAll()
    })
  })
  let isOver = false
  at(TROUBLE_MS + 8_000, () => {
    Object.assign(server.faults, NO_SERVER_FAULTS)
    database.isDown = false
    for (const { connection } of [...processes.running, gateway]) connection.latencyMaxMs = 1
    isOver = true
  })
  return { isOver: () => isOver }
}
