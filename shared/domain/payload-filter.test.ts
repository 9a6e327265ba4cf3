import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  compileFilter,
  explainFilter,
  FILTER_DEPTH_MAX,
  type FilterDocument,
  matchesFilter,
  validateFilter,
} from './payload-filter.ts'

const documentOf = (payload: unknown): FilterDocument => ({
  payload,
  labels: { tenant: 'acme' },
  metadata: { source: 'shop' },
  event_type: 'billing.invoice.paid',
})

const PAYLOAD = {
  amount: 100,
  currency: 'EUR',
  paid: true,
  note: null,
  customer: { name: 'Ada', country: 'GB', 'e.mail': 'ada@example.com' },
  items: [
    { sku: 'x1', price: 40 },
    { sku: 'y2', price: 60 },
  ],
  tags: ['vip', 'new'],
  empty: [],
}
const holdsFor = (filter: Record<string, unknown>, payload: unknown) =>
  matchesFilter(compileFilter(filter), documentOf(payload))
const holds = (filter: Record<string, unknown>) => holdsFor(filter, PAYLOAD)

test('each operator says what it says', () => {
  const cases: [Record<string, unknown>, boolean][] = [
    [{}, true],
    [{ 'payload.amount': 100 }, true],
    [{ 'payload.amount': '100' }, false],
    [{ 'payload.note': null }, true],
    [{ 'payload.missing': null }, false],
    [{ 'payload.amount': { $eq: 100, $gt: 99, $gte: 100, $lt: 101, $lte: 100 } }, true],
    [{ 'payload.amount': { $gt: 100 } }, false],
    [{ 'payload.amount': { $gt: '1' } }, false],
    [{ 'payload.currency': { $gt: 'EUQ', $lt: 'EUS' } }, true],
    [{ 'payload.amount': { $ne: 5 } }, true],
    [{ 'payload.missing': { $ne: 5 } }, true],
    [{ 'payload.currency': { $in: ['USD', 'EUR'] } }, true],
    [{ 'payload.currency': { $nin: ['USD', 'EUR'] } }, false],
    [{ 'payload.missing': { $nin: [1] } }, true],
    [{ 'payload.note': { $exists: true } }, true],
    [{ 'payload.missing': { $exists: false } }, true],
    [{ 'payload.customer.name': { $prefix: 'A', $suffix: 'da' } }, true],
    [{ 'payload.amount': { $prefix: '1' } }, false],
    [{ 'payload.customer.name': { $contains: 'd' } }, true],
    [{ 'payload.tags': { $contains: 'vip' } }, true],
    [{ 'payload.tags': { $contains: 'vi' } }, false],
    [{ 'payload.tags': { $size: 2 } }, true],
    [{ 'payload.items.0.sku': 'x1' }, true],
    [{ 'payload.items.2.sku': { $exists: true } }, false],
    [{ 'payload.items': { $elem: { price: { $gt: 50 }, sku: 'y2' } } }, true],
    [{ 'payload.items': { $elem: { price: { $gt: 50 }, sku: 'x1' } } }, false],
    [{ 'payload.items': { $every: { price: { $gte: 40 } } } }, true],
    [{ 'payload.empty': { $every: { price: 1 } } }, true],
    [{ 'payload.empty': { $elem: { price: 1 } } }, false],
    [{ 'payload.tags': { $elem: { $prefix: 'v' } } }, true],
    [{ 'payload.tags': { $elem: 'new' } }, true],
    [{ 'payload.amount': { $not: { $gt: 200 } } }, true],
    [{ $not: { 'payload.amount': 100 } }, false],
    [{ $any: [{ 'payload.amount': 1 }, { 'labels.tenant': 'acme' }] }, true],
    [{ $all: [{ event_type: { $prefix: 'billing.' } }, { 'metadata.source': 'shop' }] }, true],
    [{ '/payload/customer/e.mail': { $suffix: '@example.com' } }, true],
    [{ 'payload.customer.e.mail': { $exists: true } }, false],
  ]
  for (const [filter, wanted] of cases) assert.equal(holds(filter), wanted, JSON.stringify(filter))
})

test('what every object inherits is not part of an event', () => {
  for (const path of [
    'payload.constructor',
    'payload.__proto__',
    'payload.tags.length',
    'payload.toString',
    'constructor',
  ])
    assert.equal(holds({ [path]: { $exists: true } }), false, path)
  assert.equal(holdsFor({ 'payload.constructor': 'own' }, JSON.parse('{"constructor":"own"}')), true)
})

test('a reason names the condition that failed and what was found', () => {
  const reasonFor = (filter: Record<string, unknown>, payload: unknown) =>
    explainFilter(compileFilter(filter), documentOf(payload)).reason
  const reason = (filter: Record<string, unknown>) => reasonFor(filter, PAYLOAD)
  assert.equal(reason({ 'payload.amount': { $gt: 100 } }), 'payload.amount is 100: $gt 100 does not hold')
  assert.equal(reason({ 'payload.customer.phone': 'x' }), 'payload.customer.phone is missing')
  assert.equal(reasonFor({ 'payload.amount': 1 }, undefined), 'the payload is not JSON')
  assert.equal(reason({ 'payload.amount': 100 }), null)
  assert.ok((reasonFor({ 'payload.text': 'y' }, { text: 'x'.repeat(5_000) }) ?? '').length < 200)
})

test('what is no filter is refused with a sentence that says where', () => {
  let deep: Record<string, unknown> = { a: 1 }
  for (let i = 0; i < FILTER_DEPTH_MAX; i++) deep = { $not: deep }
  const cases: [unknown, RegExp][] = [
    [null, /must be an object/],
    [[], /must be an object/],
    [{ a: [] }, /compare with/],
    [{ a: {} }, /give a value/],
    [{ a: { $regex: 'x' } }, /no operator \$regex/],
    [{ $gt: 5 }, /joined by/],
    [{ $any: [] }, /list of 1 to/],
    [{ $any: [5] }, /must be a filter/],
    [{ a: { $in: 'x' } }, /must be a list/],
    [{ a: { $in: Array(101).fill(1) } }, /at most 100/],
    [{ a: { $exists: 1 } }, /true or false/],
    [{ a: { $size: -1 } }, /whole number/],
    [{ a: 'x'.repeat(501) }, /at most 500/],
    [{ ['x'.repeat(201)]: 1 }, /a path has/],
    [{ 'a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a': 1 }, /steps/],
    [{ '': 1 }, /a path has/],
    [deep, /nested/],
    [Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f${i}`, 1])), /at most 50 parts/],
  ]
  for (const [filter, wanted] of cases) assert.match(validateFilter(filter) ?? 'taken', wanted)
})

test('an event that would take too long is not let through, and says so', () => {
  const filter = compileFilter({ 'payload.list': { $every: { v: { $in: Array.from({ length: 100 }, (_, i) => i) } } } })
  const { matches, reason } = explainFilter(filter, documentOf({ list: Array(1_000).fill({ v: 1 }) }))
  assert.equal(matches, false)
  assert.match(reason ?? '', /too large/)
})

// -- laws ------------------------------------------------------------------------------------------------------------

const path = fc.constantFrom('payload.a', 'payload.b', 'payload.list', 'labels.tenant', 'payload.a.b')
const scalar = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('x', 'y', ''), fc.boolean(), fc.constant(null))
const condition = fc.oneof(
  scalar,
  fc.record({ $gt: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ $exists: fc.boolean() }),
  fc.record({ $in: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ $contains: scalar }),
  fc.record({ $elem: scalar }),
  fc.record({ $not: fc.record({ $prefix: fc.constantFrom('x', '') }) }),
)
const { filter } = fc.letrec<{ filter: Record<string, unknown> }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'filter' },
    fc.dictionary(path, condition, { minKeys: 1, maxKeys: 2 }),
    fc.record({ $not: tie('filter') }),
    fc.record({ $any: fc.array(tie('filter'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ $all: fc.array(tie('filter'), { minLength: 1, maxLength: 2 }) }),
  ),
}))
const payload = fc.oneof(
  fc.record({ a: scalar, b: scalar, list: fc.array(scalar, { maxLength: 3 }) }, { requiredKeys: [] }),
  fc.jsonValue(),
  fc.constant(undefined),
)

test('$not is the opposite, and $any and $all are each what the other is not', () => {
  fc.assert(
    fc.property(filter, filter, payload, (one, other, value) => {
      const [a, b] = [holdsFor(one, value), holdsFor(other, value)]
      assert.equal(holdsFor({ $not: one }, value), !a)
      assert.equal(holdsFor({ $any: [one, other] }, value), a || b)
      assert.equal(holdsFor({ $all: [one, other] }, value), a && b)
      assert.equal(
        holdsFor({ $not: { $any: [one, other] } }, value),
        holdsFor({ $all: [{ $not: one }, { $not: other }] }, value),
      )
    }),
  )
})

test('there is a reason exactly when it does not match', () => {
  fc.assert(
    fc.property(filter, payload, (given, value) => {
      const { matches, reason } = explainFilter(compileFilter(given), documentOf(value))
      assert.equal(matches, reason === null)
      assert.equal(matches, holdsFor(given, value))
    }),
  )
})

test('anything is either refused with a sentence or can be used on any event', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.jsonValue({ maxDepth: 8 }), fc.anything()),
      fc.jsonValue({ maxDepth: 5 }),
      (given, value) => {
        const refusal = validateFilter(given)
        if (refusal === null) holdsFor(given as Record<string, unknown>, value)
        else assert.ok(refusal.length > 10)
      },
    ),
    { numRuns: 2_000 },
  )
})
