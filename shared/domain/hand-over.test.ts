import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHandOver, type Handed } from './hand-over.ts'

const item = (eventSeq: number, bytes = 10): Handed => ({ eventSeq, bytes })
const seqs = (items: Handed[]) => items.map(({ eventSeq }) => eventSeq)

test('one event is sent until somebody answers, then as many as may be unanswered', () => {
  const handOver = createHandOver()
  assert.deepEqual(seqs(handOver.add(item(3), 0)), [3])
  assert.equal(handOver.hasRoom(), false)
  assert.deepEqual(seqs(handOver.answer(3, 10).send), [])
  for (let seq = 4; handOver.hasRoom(); seq++) assert.deepEqual(seqs(handOver.add(item(seq), 20)), [seq])
  assert.deepEqual(handOver.answer(103, 30), { takenCount: 100, takenThroughSeq: 103, send: [] })
  assert.equal(handOver.answer(9_999, 30).takenCount, 156)
  assert.ok(handOver.isEmpty())
})

test('large events are fewer at once', () => {
  const handOver = createHandOver()
  handOver.add(item(1), 0)
  handOver.answer(1, 0)
  let count = 0
  for (; handOver.hasRoom(); count++) handOver.add(item(count + 2, 2 * 1024 * 1024), 0)
  assert.equal(count, 4)
})

test('who is silent is sent the first one now and then, is forsaken in the end, and gets the rest when it answers', () => {
  const handOver = createHandOver()
  handOver.add(item(1), 0)
  handOver.answer(1, 0)
  for (const seq of [2, 3, 4]) handOver.add(item(seq), 0)
  assert.deepEqual(seqs(handOver.tick(29_999)), [])
  const sentAt = Array.from({ length: 60 }, (_, i) => 30_000 + i * 1_000).filter((at) => handOver.tick(at).length > 0)
  assert.deepEqual(sentAt.slice(0, 4), [30_000, 31_000, 33_000, 37_000])
  assert.equal(handOver.isForsaken(44_999), false)
  assert.equal(handOver.isForsaken(45_000), true)
  assert.equal(handOver.hasRoom(), false)
  assert.deepEqual(seqs(handOver.answer(2, 50_000).send), [3, 4])
  assert.equal(handOver.isForsaken(90_000), false)
})

test('who has come back asks for what it has not answered, and not all the time', () => {
  const handOver = createHandOver()
  handOver.add(item(1), 0)
  handOver.answer(1, 0)
  for (const seq of [2, 3]) handOver.add(item(seq), 0)
  assert.deepEqual(seqs(handOver.answer(0, 100).send), [2, 3])
  assert.deepEqual(seqs(handOver.answer(0, 200).send), [])
  assert.deepEqual(seqs(handOver.answer(0, 1_100).send), [2, 3])
})

test('an old answer says nothing', () => {
  const handOver = createHandOver()
  handOver.add(item(5), 0)
  assert.deepEqual(handOver.answer(4, 10), { takenCount: 0, takenThroughSeq: 0, send: [] })
  assert.equal(handOver.hasRoom(), false)
})

test('who was there before is waited for anew when there is something to send again', () => {
  const handOver = createHandOver()
  handOver.add(item(1), 0)
  handOver.answer(1, 0)
  assert.deepEqual(seqs(handOver.add(item(2), 100_000)), [2])
  assert.deepEqual(seqs(handOver.tick(100_001)), [])
  assert.equal(handOver.isForsaken(100_001), false)
})
