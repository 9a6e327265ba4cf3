import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadSettings } from '#shared/runtime/config.ts'
import { natsListen } from './nats-listen.ts'

test('the embedded nats-server is reached from other machines by TLS only', () => {
  assert.deepEqual(natsListen(loadSettings({})), { ip: '127.0.0.1', port: 0, name: '127.0.0.1' })
  assert.throws(
    () => natsListen(loadSettings({ NATS_LISTEN_IP: '0.0.0.0' })),
    /in the clear; give NATS_SERVER_CERT_FILE/,
  )
  assert.throws(() => natsListen(loadSettings({ NATS_SERVER_CERT_FILE: 'a' })), /go together/)
  const given = { NATS_LISTEN_IP: '0.0.0.0', NATS_SERVER_CERT_FILE: '/a', NATS_SERVER_KEY_FILE: '/b' }
  assert.deepEqual(natsListen(loadSettings(given)).tls, { certFile: '/a', keyFile: '/b' })
})
