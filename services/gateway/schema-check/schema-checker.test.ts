import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createSchemaChecker } from './schema-checker.ts'

const checker = createSchemaChecker({ timeLimitMs: 3_000, compiledMax: 5, memoryMaxMb: 64, waitingMax: 50 })
after(() => checker.stop())

const ORDER = {
  $id: 'https://example.com/order',
  type: 'object',
  required: ['amount'],
  properties: {
    amount: { type: 'number' },
    mail: { type: 'string', format: 'email' },
    items: { type: 'array', items: { $ref: '#/$defs/item' } },
  },
  $defs: { item: { type: 'object', required: ['sku'], 'x-owner': 'shop' } },
  additionalProperties: false,
}
const SLOW = { type: 'string', pattern: '^(a+)+$' }
const HOSTILE = JSON.stringify(`${'a'.repeat(60)}!`)

test('a payload is valid, or there is a place and a reason, without its values', async () => {
  assert.deepEqual(await checker.check('order', ORDER, '{"amount":1,"mail":"a@example.com"}'), { type: 'valid' })
  const cases: [string, string][] = [
    ['{}', ''],
    ['{"amount":"s3cret-value"}', '/amount'],
    ['{"amount":1,"mail":"s3cret-value"}', '/mail'],
    ['{"amount":1,"items":[{"sku":1},{}]}', '/items/1'],
    ['{"amount":1,"more":"s3cret-value"}', ''],
    ['[]', ''],
  ]
  for (const [payload, path] of cases) {
    const verdict = await checker.check('order', ORDER, payload)
    assert.ok(verdict.type === 'invalid', payload)
    assert.equal(verdict.errors[0]?.path, path, payload)
    assert.ok(!JSON.stringify(verdict).includes('s3cret'), payload)
  }
})

test('a schema that cannot be used is refused with a sentence', async () => {
  let deep: Record<string, unknown> = {}
  for (let i = 0; i < 40; i++) deep = { not: deep }
  const cases: [unknown, RegExp][] = [
    ['text', /must be an object/],
    [null, /must be an object/],
    [[], /must be an object/],
    [{ type: 'strnig' }, /can't be used/],
    [{ tpye: 'string' }, /can't be used/],
    [{ format: 'e-mail' }, /can't be used/],
    [{ pattern: '(' }, /can't be used/],
    [{ $ref: 'https://example.com/other.json' }, /may only point into the schema/],
    [{ $ref: 'file:///etc/passwd' }, /may only point into the schema/],
    [{ $ref: '#/$defs/missing' }, /can't be used/],
    [{ $schema: 'http://json-schema.org/draft-07/schema#' }, /\$schema must be/],
    [{ description: 'x'.repeat(70_000) }, /at most 65536 bytes/],
    [deep, /nested at most/],
  ]
  for (const [schema, wanted] of cases) assert.match((await checker.refusalOf(schema)) ?? 'taken', wanted)
  for (const schema of [true, false, {}, ORDER, { 'x-note': 1 }]) assert.equal(await checker.refusalOf(schema), null)
})

test('two schemas of one $id do not get mixed up', async () => {
  const other = { ...ORDER, required: ['mail'] }
  assert.equal((await checker.check('order', ORDER, '{"amount":1}')).type, 'valid')
  assert.equal((await checker.check('order 2', other, '{"amount":1}')).type, 'invalid')
  assert.equal((await checker.check('order', ORDER, '{"amount":1}')).type, 'valid')
})

test('a check without end is given up, and those that wait beside it are answered', async () => {
  const slow = checker.check('slow', SLOW, HOSTILE)
  const others = await Promise.all(Array.from({ length: 20 }, () => checker.check('order', ORDER, '{"amount":1}')))
  assert.equal((await slow).type, 'timed-out')
  assert.ok(others.every(({ type }) => type === 'valid'))
  assert.equal((await checker.check('slow', SLOW, '"aaa"')).type, 'valid')
})

test('more schemas than are kept are compiled again', async () => {
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 12; i++)
      assert.equal((await checker.check(`key ${i}`, { type: 'integer', minimum: i }, String(i))).type, 'valid')
  }
})

test('a check that takes all memory costs itself alone', async () => {
  const bomb = { type: 'array', uniqueItems: true, items: { type: 'object' } }
  const payload = JSON.stringify(Array.from({ length: 20_000 }, (_, i) => ({ i: { a: [i] } })))
  const verdict = await checker.check('bomb', bomb, payload)
  assert.ok(['timed-out', 'valid'].includes(verdict.type))
  assert.equal((await checker.check('order', ORDER, '{"amount":1}')).type, 'valid')
})

test('too many at once are told so, and a stopped checker checks nothing', async () => {
  const all = await Promise.all(Array.from({ length: 80 }, () => checker.check('order', ORDER, '{"amount":1}')))
  assert.ok(all.some(({ type }) => type === 'busy'))
  assert.ok(all.filter(({ type }) => type === 'valid').length >= 50)
  const stopped = createSchemaChecker({ timeLimitMs: 400, compiledMax: 5, memoryMaxMb: 64, waitingMax: 50 })
  await stopped.stop()
  assert.equal((await stopped.check('order', ORDER, '{}')).type, 'busy')
})
