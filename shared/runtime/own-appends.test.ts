import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createOwnAppendsOf, type OwnAppends } from './own-appends.ts'

const message = (n: number) => ({ subject: `ledger.${n}`, body: `{"n":${n}}` })

function wanted(own: OwnAppends): OwnAppends {
  own.want()
  return own
}
const ofLedger = (flowMin?: number) => wanted(createOwnAppendsOf(flowMin).of('LEDGER'))

test('nothing is kept until somebody follows the stream', () => {
  const own = createOwnAppendsOf(1).of('LEDGER')
  own.put([message(1)], 1)
  assert.deepEqual([own.has(1), own.isFlowing()], [false, false])
})

test('takes what stands without a hole from a sequence on, and no more than is wanted', () => {
  const own = ofLedger()
  own.put([message(5), message(6)], 5)
  own.put([message(7)], 7)
  own.put([message(9)], 9)
  const seqs = (fromSeq: number, max = 10) => own.take(fromSeq, max).map(({ seq }) => seq)
  assert.deepEqual([seqs(5), seqs(5, 2), seqs(6), seqs(8), seqs(4), seqs(10)], [[5, 6, 7], [5, 6], [6, 7], [], [], []])
})

test('a message reads as it was appended, whether as text or as bytes', () => {
  const own = ofLedger()
  own.put([message(1), { subject: 'ledger.2', body: Buffer.from('ä') }], 1)
  const [text, bytes] = own.take(1, 2)
  assert.deepEqual(
    [text!.string(), Buffer.from(text!.data).toString(), text!.subject],
    ['{"n":1}', '{"n":1}', 'ledger.1'],
  )
  assert.deepEqual([bytes!.string(), Buffer.from(bytes!.data).toString()], ['ä', 'ä'])
})

test('the oldest are forgotten, by their number and by their bytes', () => {
  const many = ofLedger()
  for (let seq = 1; seq <= 9_000; seq++) many.put([message(seq)], seq)
  assert.deepEqual(
    [many.has(1), many.has(9_000 - 8_192), many.has(9_000 - 8_191), many.has(9_000)],
    [false, false, true, true],
  )
  const large = ofLedger()
  for (let seq = 1; seq <= 20; seq++) large.put([{ subject: 'a', body: Buffer.alloc(1_000_000) }], seq)
  assert.deepEqual([large.has(4), large.has(5), large.has(20)], [false, true, true])
})

test('flows from so many within a quarter of a second on', () => {
  const own = ofLedger(3)
  own.put([message(1), message(2)], 1)
  assert.equal(own.isFlowing(), false)
  own.put([message(3)], 3)
  assert.equal(own.isFlowing(), true)
})

test('waits for a sequence, for a moment behind a hole, and no longer than was said', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const own = ofLedger()
  const waited = own.waitFor(1, 10_000)
  own.put([message(1)], 1)
  assert.equal(await waited, true)
  const filled = own.waitFor(2, 10_000)
  own.put([message(3)], 3)
  setImmediate(() => own.put([message(2)], 2))
  assert.equal(await filled, true)
  const behindHole = own.waitFor(4, 10_000)
  own.put([message(5)], 5)
  await nextTurn()
  context.mock.timers.tick(1_000)
  assert.equal(await behindHole, false)
  const inVain = own.waitFor(6, 1)
  context.mock.timers.tick(1)
  assert.equal(await inVain, false)
})

test('after a break of the connection nothing is left', async () => {
  const { of, clear } = createOwnAppendsOf(1)
  const own = wanted(of('LEDGER'))
  own.put([message(1)], 1)
  const waited = own.waitFor(2, 10_000)
  clear()
  assert.deepEqual([await waited, own.has(1), own.isFlowing(), of('LEDGER') === own], [false, false, false, true])
})
