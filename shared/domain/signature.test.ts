import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyWebhookSignature } from 'hook0-client'
import { parseSignatureVersions, signatureHeader } from './signature.ts'

const BODY = Buffer.from('hello !')
const HEADERS = [
  ['x-event-id', '1a01cb48-5142-4d9b-8f90-d20cca61f0ee'],
  ['x-event-type', 'service.resource.verb'],
] as const

test("v0 is as in the contract's vector", () => {
  const value = signatureHeader({
    secret: 'secret',
    timestamp: 1636936200,
    headers: HEADERS,
    body: BODY,
    versions: new Set(['v0']),
  })
  assert.equal(value, 't=1636936200,v0=1b3d69df55f1e52f05224ba94a5162abeb17ef52cd7f4948c390f810d6a87e98')
})

test("v1 is as in the contract's vector", () => {
  const value = signatureHeader({
    secret: 'secret',
    timestamp: 1636936200,
    headers: HEADERS,
    body: BODY,
    versions: new Set(['v1']),
  })
  assert.equal(
    value,
    't=1636936200,h=x-event-id x-event-type,v1=bc521546ba5de381b12f135782d2008b028c3065c191760b12b76850a8fc8f51',
  )
})

test('a receiver with hook0-client accepts it, and refuses another body', () => {
  const timestamp = Math.floor(Date.now() / 1_000)
  const value = signatureHeader({
    secret: 's',
    timestamp,
    headers: HEADERS,
    body: BODY,
    versions: new Set(['v0', 'v1']),
  })
  const headers = new Headers(HEADERS.map(([name, text]) => [name, text] as [string, string]))
  assert.equal(verifyWebhookSignature(value, BODY, headers, 's', 300), true)
  assert.throws(() => verifyWebhookSignature(value, Buffer.from('hello ?'), headers, 's', 300))
})

test('unknown signature versions are refused by name', () => {
  assert.deepEqual([...parseSignatureVersions('v0, v1')], ['v0', 'v1'])
  assert.throws(() => parseSignatureVersions('v2'), /ENABLED_SIGNATURE_VERSIONS/)
})
