import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { parseAddress, parseRange } from '../domain/address-classes.ts'
import { refusalOfAddress } from '../domain/target-url.ts'
import { loadSettings } from './config.ts'
import { targetRules } from './target-rules.ts'

const rulesOf = (environment: Record<string, string> = {}) => targetRules(loadSettings(environment))
const refusal = (address: string, port: number, environment: Record<string, string> = {}) =>
  refusalOfAddress(parseAddress(address)!, port, rulesOf(environment))

test('without settings nothing inside is allowed, this host least of all', () => {
  const { allowed, isAddressChecked, isHttpAllowed } = rulesOf()
  assert.deepEqual([allowed, isAddressChecked, isHttpAllowed], [[], true, true])
  for (const { address } of Object.values(networkInterfaces()).flatMap((each) => each ?? []))
    assert.notEqual(refusal(address, 443), null, address)
})

test('lists are read with their spaces', () => {
  const { allowed, refused, allowedPorts } = rulesOf({
    TARGET_ALLOWED_CIDRS: ' 10.0.0.0/8, ::1 ,',
    TARGET_REFUSED_CIDRS: '10.1.0.0/16',
    TARGET_ALLOWED_PORTS: '25, 81',
  })
  assert.deepEqual(allowed, [parseRange('10.0.0.0/8'), parseRange('::1/128')])
  assert.deepEqual(refused, [parseRange('10.1.0.0/16')])
  assert.deepEqual([...allowedPorts], [25, 81])
})

test('the API, NATS and Postgres are refused at their own addresses and on this host, whatever is allowed', () => {
  const environment = {
    TARGET_ALLOWED_CIDRS: '127.0.0.0/8,10.0.0.0/8',
    PORT: '18081',
    NATS_URL: 'nats://u:p@10.0.0.1:14222,10.0.0.2',
    DATABASE_URL: 'postgres://u:p@10.0.0.3:15432/x',
  }
  for (const [address, port] of [
    ['127.0.0.1', 18_081],
    ['10.0.0.1', 14_222],
    ['10.0.0.2', 4_222],
    ['10.0.0.3', 15_432],
    ['127.0.0.1', 14_222],
  ] as const) {
    assert.equal(refusal(address, port, environment), 'own port', `${address}:${port}`)
    assert.equal(refusal(address, port, { ...environment, DISABLE_TARGET_IP_CHECK: 'true' }), 'own port')
  }
  assert.equal(refusal('10.0.0.3', 18_080, environment), null)
  assert.equal(refusal('10.0.0.4', 14_222, environment), null)
})
