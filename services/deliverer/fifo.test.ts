import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countOf, newFifo, takeNext, takeWanted } from './fifo.ts'

test('what comes first is taken first, however many come and go', () => {
  const fifo = newFifo<number>()
  let [put, taken] = [0, 0]
  for (let round = 0; round < 5_000; round++) {
    for (let i = 0; i < (round < 2_500 ? 3 : 1); i++) fifo.items.push(put++)
    for (let i = 0; i < 2 && countOf(fifo) > 0; i++) assert.equal(takeNext(fifo), taken++)
    assert.equal(countOf(fifo), put - taken)
    assert.ok(fifo.items.length <= 2 * countOf(fifo) + 1_024, 'what was taken goes away')
  }
  while (countOf(fifo) > 0) assert.equal(takeNext(fifo), taken++)
  assert.equal(taken, put)
  assert.equal(takeNext(fifo), undefined)
})

test('what is wanted is taken out from among the others', () => {
  const fifo = newFifo<number>()
  fifo.items.push(1, 2, 3, 4, 5)
  takeNext(fifo)
  assert.deepEqual(
    takeWanted(fifo, (item) => item % 2 === 1),
    [3, 5],
  )
  assert.deepEqual(
    takeWanted(fifo, (item) => item > 9),
    [],
  )
  assert.deepEqual([takeNext(fifo), takeNext(fifo), takeNext(fifo)], [2, 4, undefined])
})
