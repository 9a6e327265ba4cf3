import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeControlFact } from './control.ts'
import { decodeEvent } from './event.ts'
import { decodeLedgerFact } from './ledger.ts'
import { type Upcasters, upcast } from './versions.ts'

interface Parcel {
  v: number
  type: string
  grams: number
  isFragile: boolean
}

const UPCASTERS: Upcasters = {
  parcel: [
    (fact: { v: 1; type: 'parcel'; kilograms: number }) => ({ v: 2, type: 'parcel', grams: fact.kilograms * 1_000 }),
    (fact: { v: 2; type: 'parcel'; grams: number }) => ({ ...fact, v: 3, isFragile: false }),
  ],
}

test('a fact is brought to today, step by step, from whichever version it is of', () => {
  const today = { v: 3, type: 'parcel', grams: 2_000, isFragile: false }
  assert.deepEqual(upcast<Parcel>('S', { v: 1, type: 'parcel', kilograms: 2 } as never, UPCASTERS), today)
  assert.deepEqual(upcast<Parcel>('S', { v: 2, type: 'parcel', grams: 2_000 } as never, UPCASTERS), today)
  assert.deepEqual(upcast<Parcel>('S', today, UPCASTERS), today)
})

test('a fact that a later release has written is an error that says so, not a guess', () => {
  assert.throws(() => upcast('S', { v: 4, type: 'parcel' }, UPCASTERS), /unknown version 4; this release knows up to 3/)
  for (const v of [0, 1.5, undefined, '1'])
    assert.throws(() => upcast('S', { v, type: 'parcel' } as never, UPCASTERS), /unknown version/)
  assert.throws(() => decodeLedgerFact('{"v":2,"type":"attempt"}'), /LEDGER .* attempt in the unknown version 2/)
  assert.throws(() => decodeLedgerFact('{"v":1,"type":"future"}'), /LEDGER .* unknown kind future/)
  assert.throws(() => decodeControlFact('{"v":2,"type":"user"}'), /CONTROL .* user in the unknown version 2/)
  assert.throws(() => decodeControlFact('{"v":1,"type":"future"}'), /CONTROL .* unknown kind future/)
})

test('a field that is not known is let be', () => {
  const attempt = decodeLedgerFact('{"v":1,"type":"attempt","deliveryId":"d","fromTheFuture":{"a":1}}')
  assert.equal(attempt.type === 'attempt' && attempt.deliveryId, 'd')
  assert.equal(decodeEvent(Buffer.from('{"v":1,"eventId":"e","fromTheFuture":1}\nx')).event.eventId, 'e')
})
