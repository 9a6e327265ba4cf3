import { randomUUID } from 'node:crypto'
import { cancelledMessage } from '#shared/domain/cancellation.ts'
import { laneOf } from '#shared/domain/ids.ts'
import { type ControlFact, controlSubject, type Ordering, type SubscriptionState } from '#shared/facts/control.ts'
import { encodeEvent } from '#shared/facts/event.ts'
import { LEDGER_SUBJECTS, WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import { decodeHeadNote } from '#shared/facts/waiting.ts'
import { AppendUnknownError } from '#shared/runtime/appender.ts'
import { letNextOneGo } from '#shared/runtime/let-next-one-go.ts'
import { applicationState, eventTypeState, organizationState, subscriptionState } from '../support/control-facts.ts'
import type { FakeStream } from './fake-stream.ts'
import { createOperators } from './operators.ts'
import { APPLICATIONS, type FaultName, idOf, SKEW_MAX_MS, TROUBLE_MS } from './plan.ts'
import type { Character } from './receivers.ts'
import type { SeededRandom } from './seeded-random.ts'
import { SIM_SETTINGS, type Surroundings, startProcess } from './sim-process.ts'

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
  /** What people ask to be sent again; null: nothing. */
  asking: SeededRandom | null
}

/** Makes subscriptions, posts events, disables and enables: all through a gateway's own appenders. */
export function runCustomers(options: CustomersOptions) {
  const { around, random, faults, eventCount, characters, orderings, accepted, cancelling, asking } = options
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

  const applications = [...characters.keys()].map((id) => stateOf(id).applicationId)
  const operators = asking && createOperators({ around, gateway, applications, random: asking, put })

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
    const others = [cancelling && cancelNowAndThen(cancelling), operators?.run()]
    await Promise.all([...toggling, ...posting, ...later, ...others])
    isDone = true
  }

  void time.runAs(gateway.owner, run)
  return { gateway, operators, isDone: () => isDone, withdrawals: () => withdrawals }
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
    if (
      !message?.subject.startsWith('parked.head.') ||
      decodeHeadNote(Buffer.from(message.body).toString()).next !== null
    )
      continue
    const [lane, subscriptionId, , deliveryId] = message.subject.split('.').slice(2)
    found.push({ lane: Number(lane), subscriptionId: subscriptionId!, deliveryId: deliveryId! })
  }
  return found
}
