import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesText, durationText, percentText, plural, shortId } from './format.ts'

test('a share that is not all is never shown as all, nor a small one as none', () => {
  assert.equal(percentText(0.99996), '99.99 %')
  assert.equal(percentText(1), '100 %')
  assert.equal(percentText(0.0004), '< 0.1 %')
  assert.equal(percentText(0.978), '97.8 %')
})

test('durations have the unit that a person would say', () => {
  assert.deepEqual([12.4, 1_234, 65_000, 600_000, 90_000_000, 864_000_000].map(durationText), [
    '12 ms',
    '1.23 s',
    '65.0 s',
    '10 min',
    '25 h',
    '10 d',
  ])
})

test('bytes, counts and ids', () => {
  assert.deepEqual([0, 1_023, 1_536, 5_242_880].map(bytesText), ['0 B', '1023 B', '1.5 KiB', '5.0 MiB'])
  assert.deepEqual([plural(1, 'event'), plural(2, 'event')], ['1 event', '2 events'])
  assert.equal(shortId('01993f0c-2a3b-7c4d-8e5f-000000001000'), '01993f0c…1000')
})
