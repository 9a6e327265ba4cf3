import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProblemError, type ProblemId } from '#shared/contract/problems.ts'
import type { EventPost } from '#shared/contract/schemas.ts'
import { newEventId } from '#shared/domain/ids.ts'
import { createRegistry } from '#shared/domain/registry.ts'
import { applicationState, eventTypeState, organizationState } from '#test/support/control-facts.ts'
import { acceptEvent, activeEventType, isCoveredByWindow, readEvent, readPayload, reliableWindowMs } from './admit.ts'
import type { Principal } from './authentication.ts'

const APPLICATION = '01900000-0000-7000-8000-000000000002'
const PRINCIPAL: Principal = { kind: 'service_token', id: 't', organizationId: 'o' }
const NOW = 1_767_225_600_000
const WINDOW = { windowMs: 120_000, appendTimeoutMs: 10_000 }

function registry() {
  const made = createRegistry()
  const of = { applicationId: APPLICATION }
  made.evolve(organizationState(), 1)
  made.evolve(applicationState(of), 2)
  made.evolve(eventTypeState('a.b.c', of), 3)
  made.evolve(eventTypeState('a.b.off', { ...of, deactivatedAtMs: NOW }), 4)
  return made
}

const post = (more: Partial<EventPost> = {}): EventPost => ({
  application_id: APPLICATION,
  event_type: 'a.b.c',
  payload: '{}',
  payload_content_type: 'application/json',
  occurred_at: '2026-01-01T00:00:00Z',
  labels: { all: 'yes' },
  ...more,
})

function problemOf(act: () => unknown): ProblemId | null {
  try {
    act()
    return null
  } catch (error) {
    assert.ok(error instanceof ProblemError)
    return error.document.id
  }
}

test('checks come in the order of the contract: the first that fails is the answer', () => {
  const broken = {
    event_id: 'no-uuid',
    occurred_at: 'yesterday',
    application_id: '01900000-0000-7000-8000-00000000000f',
    event_type: '',
    payload: '{',
    payload_content_type: 'application/json',
  }
  const known = registry()
  const read = (more: Partial<EventPost>) => problemOf(() => readPayload(readEvent(post(more), PRINCIPAL, known, NOW)))
  assert.equal(read(broken), 'JsonPayload')
  assert.equal(read({ ...broken, event_id: null }), 'JsonPayload')
  assert.equal(read({ ...broken, event_id: null, occurred_at: '2026-01-01T00:00:00Z' }), 'Forbidden')
  assert.equal(read({ event_type: '', payload: '{' }), 'Validation')
  assert.equal(read({ payload_content_type: 'text/html', payload: '{' }), 'EventInvalidPayloadContentType')
  assert.equal(read({ payload: '{' }), 'EventInvalidJsonPayload')
  assert.equal(read({ event_type: 'not.known.yet' }), null)
})

test('an event of an unknown or a deactivated type is refused', () => {
  const known = registry()
  for (const event_type of ['x.y.z', 'a.b.off']) {
    const read = readEvent(post({ event_type }), PRINCIPAL, known, NOW)
    assert.equal(
      problemOf(() => activeEventType(read, known)),
      'EventTypeDoesNotExist',
    )
  }
})

test('another organisation and another application secret are forbidden', () => {
  const known = registry()
  const others: Principal[] = [
    { kind: 'service_token', id: 't', organizationId: 'other' },
    { kind: 'application_secret', id: 's', organizationId: 'o', applicationId: 'other' },
  ]
  for (const principal of others)
    assert.equal(
      problemOf(() => readEvent(post(), principal, known, NOW)),
      'Forbidden',
    )
})

test('an accepted event keeps what came and gets what is ours', () => {
  const read = readEvent(
    post({ event_id: `{${APPLICATION.toUpperCase()}}`, metadata: null }),
    PRINCIPAL,
    registry(),
    NOW,
  )
  const event = acceptEvent(read, { eventType: 'a.b.c', nowMs: NOW, ip: '192.0.2.1', controlSeq: 3, appendId: 'x' })
  assert.deepEqual(event, {
    v: 1,
    eventId: APPLICATION,
    applicationId: APPLICATION,
    organizationId: 'o',
    eventType: 'a.b.c',
    payloadContentType: 'application/json',
    labels: { all: 'yes' },
    metadata: {},
    occurredAt: '2026-01-01T00:00:00.000000Z',
    receivedAtMs: NOW,
    ip: '192.0.2.1',
    controlSeq: 3,
    appendId: 'x',
  })
})

test("only a UUIDv7 of the last minutes is left to JetStream's window", () => {
  const madeAgo = (ms: number) => isCoveredByWindow(newEventId(NOW - ms), NOW, WINDOW)
  assert.equal(madeAgo(0), true)
  assert.equal(madeAgo(100_000), true)
  assert.equal(madeAgo(110_000), false)
  assert.equal(madeAgo(-4_000), true)
  assert.equal(madeAgo(-6_000), false)
  assert.equal(isCoveredByWindow('00000000-0000-0000-0000-000000000000', NOW, WINDOW), false)
  assert.equal(isCoveredByWindow('d9b2d63d-a233-4123-847a-76838bf2413a', NOW, WINDOW), false)
})

test('an id that was used once is always found: by the window, or because it is looked up', () => {
  // Used first when the clock said `firstMs`, again `laterMs` after it, each time stored up to the time-out later.
  for (const skewMs of [-5_000, 0, 60_000, 104_000]) {
    const id = newEventId(NOW - skewMs)
    for (let laterMs = 0; laterMs < 300_000; laterMs += 500) {
      if (!isCoveredByWindow(id, NOW + laterMs, WINDOW)) continue
      const secondStoredMs = NOW + laterMs + WINDOW.appendTimeoutMs
      assert.ok(secondStoredMs - NOW <= WINDOW.windowMs, `${skewMs} ${laterMs}`)
    }
  }
})

test('a short window is still relied upon in part', () => {
  assert.equal(reliableWindowMs({ windowMs: 2_000, appendTimeoutMs: 10_000 }), 500)
})
