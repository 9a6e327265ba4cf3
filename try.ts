import { startNatsServer } from '#scripts/embedded/nats-server.ts'
import { mkdtemp, rm, readFile } from 'node:fs/promises'
import { connect, nkeyAuthenticator } from '@nats-io/transport-node'
import { jetstreamManager } from '@nats-io/jetstream'
import { readNatsKey } from '#shared/runtime/nats-keys.ts'
const dir = await mkdtemp('/tmp/cred-')
const t = performance.now()
const s = await startNatsServer({ dir, logFile: dir + '/log', cacheDir: process.env.HOME + '/.cache/jethook', hasOpenUser: true })
console.log('started', performance.now() - t, s.url)
await s.stop()
const t2 = performance.now()
const s2 = await startNatsServer({ dir, logFile: dir + '/log', cacheDir: process.env.HOME + '/.cache/jethook', hasOpenUser: true })
console.log('again', performance.now() - t2)
const key = (await readNatsKey(dir + '/keys', 'admin'))!
const t3 = performance.now()
const nc = await connect({ servers: '127.0.0.1:' + s2.port, inboxPrefix: '_INBOX_admin', authenticator: (n?: string) => ({ nkey: key.publicKey, sig: Buffer.from(key.sign(Buffer.from(n ?? ''))).toString('base64url') }) })
console.log('connected', performance.now() - t3, nc.info)
const jsm = await jetstreamManager(nc)
console.log(await jsm.getAccountInfo())
await nc.close()
await s2.stop()
console.log((await readFile(dir + '/log', 'utf8')).slice(-3000))
console.log((await readFile(dir + '/nats.conf', 'utf8')).slice(0, 6000))
await rm(dir, { recursive: true })
