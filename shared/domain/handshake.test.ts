import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideHandshake, handshakeHeaders } from './handshake.ts'

const CONTEXT = { origin: 'sender.example.com', wish: { ratePerMinute: null }, refusals: 0, nowMs: 1_000 }
const answer = (headers: Record<string, string>, statusCode = 200) => ({
  type: 'responded' as const,
  response: { statusCode, headers, bodyBase64: '', isBodyCut: false },
})

test('consent is the own origin or a star, with the rate that is granted', () => {
  const rateOf = (headers: Record<string, string>, wish = CONTEXT.wish as { ratePerMinute: number | null }) => {
    const result = decideHandshake(answer(headers), { ...CONTEXT, wish })
    return result.state === 'granted' ? result.ratePerMinute : result.reason
  }
  assert.equal(rateOf({ 'webhook-allowed-origin': '*', 'webhook-allowed-rate': '*' }), null)
  assert.equal(rateOf({ 'webhook-allowed-origin': 'Sender.example.com', 'webhook-allowed-rate': '100' }), 100)
  assert.equal(rateOf({ 'webhook-allowed-origin': '*' }), null)
  assert.equal(rateOf({ 'webhook-allowed-origin': '*' }, { ratePerMinute: 120 }), 120)
  assert.match(String(rateOf({ 'webhook-allowed-origin': '*', 'webhook-allowed-rate': '0' })), /Allowed-Rate/)
})

test('no consent: no header, another origin, an error, no answer', () => {
  for (const result of [
    answer({}),
    answer({ 'webhook-allowed-origin': 'other.example.com' }),
    answer({ 'webhook-allowed-origin': '*' }, 405),
    { type: 'timed-out' as const, message: 'late' },
  ])
    assert.equal(decideHandshake(result, CONTEXT).state, 'refused')
})

test('a receiver that refuses is asked ever later', () => {
  const after = (refusals: number) => {
    const result = decideHandshake(answer({}), { ...CONTEXT, refusals })
    return result.state === 'refused' ? result.retryAtMs - CONTEXT.nowMs : null
  }
  assert.deepEqual([after(0), after(1), after(20)], [10_000, 20_000, 600_000])
})

test('the rate is asked for when there is one', () => {
  assert.deepEqual(handshakeHeaders('a.b', { ratePerMinute: null }), ['webhook-request-origin', 'a.b'])
  assert.deepEqual(handshakeHeaders('a.b', { ratePerMinute: 5 }).slice(2), ['webhook-request-rate', '5'])
})
