import { connect } from '@nats-io/transport-node'
import { calloutConfig } from '#services/callout/config.ts'
import type { Settings } from '#shared/runtime/config.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectNats, isVersionAtLeast, type Nats, openClient } from '#shared/runtime/nats.ts'
import { natsAccess, type RoleAccess } from '#shared/runtime/nats-access.ts'
import { dangerousDifference, streamConfigs } from '#shared/runtime/streams.ts'
import { bad, type Finding, ok, warn } from './finding.ts'
import { examineRights } from './nats-rights.ts'
import { judgeStore, placeOf } from './servers.ts'

/** Several lost-schedule fixes are in it only. */
const VERSION_PREFERRED = '2.15.0'
/** An event's payload has up to 2 MiB; with its envelope it must fit into one message. */
const PAYLOAD_WANTED_BYTES = 4 * 1024 * 1024
/** The embedded configuration gives the callout 5 s; who is refused so late was refused since nobody answered. */
const CALLOUT_SLOW_MS = 1_900
const CONNECT_TIMEOUT_MS = 6_000
const ANSWER_TIMEOUT_MS = 2_000

/**
 * Looks at the NATS that jethook uses or is to use: whether it can be reached and is new enough, TLS, permissions, room, streams,
 * and the auth callout. Changes nothing. No finding holds a credential.
 * @param settings With NATS_URL.
 */
export async function examineNats(settings: Settings): Promise<Finding[]> {
  const logger = createLogger('silent')
  let nats: Nats
  let access: RoleAccess
  try {
    access = await natsAccess(settings, 'jethook')
    nats = await connectNats(settings.NATS_URL, 'jethook doctor', logger, access)
  } catch (error) {
    return [
      bad(
        'nats',
        (error as Error).message,
        'Start it, or mend NATS_URL and the credentials. What is not accepted meanwhile is refused, not lost.',
      ),
    ]
  }
  try {
    const context = { nats, access, settings }
    return [
      versionFinding(nats, settings),
      tlsFinding(nats, settings),
      payloadFinding(nats),
      ...(await settled('nats permissions', () => rightsFindings(context))),
      ...(await settled('store', async () => [await storageFinding(nats)])),
      ...(await settled('streams', () => streamFindings(context))),
      ...(await settled('nats fsync', () => syncFindings(settings))),
      ...(await settled('nats auth callout', () => calloutFindings(settings))),
    ]
  } finally {
    await nats.connection.close()
  }
}

interface Context {
  nats: Nats
  access: RoleAccess
  settings: Settings
}

/** A look that fails is a finding, too. */
async function settled(name: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look()
  } catch (error) {
    return [bad(name, `it can't be looked at: ${(error as Error).message}`, 'See the log of nats-server.')]
  }
}

function versionFinding({ connection }: Nats, { NATS_URL }: Settings): Finding {
  const version = connection.info?.version ?? '?'
  return isVersionAtLeast(version, VERSION_PREFERRED)
    ? ok('nats', `nats-server ${version} at ${placeOf(NATS_URL)}.`)
    : warn('nats', `nats-server ${version} has known faults in its schedules.`, `Use ${VERSION_PREFERRED} or later.`)
}

function tlsFinding({ connection }: Nats, { NATS_URL }: Settings): Finding {
  const name = 'nats tls'
  if (connection.info?.tls_required) return ok(name, 'connections are encrypted')
  if (/\/\/([^@/]*@)?(127\.|localhost|\[::1\])/.test(NATS_URL))
    return ok(name, 'not on, and the server is on this machine')
  return bad(
    name,
    'events and credentials go through the network in the clear',
    "Give the server a certificate (tls { cert_file, key_file, min_version: '1.2', handshake_first: true }), and jethook NATS_TLS_CA_FILE.",
  )
}

function payloadFinding({ connection }: Nats): Finding {
  const bytes = connection.info?.max_payload ?? 0
  return bytes >= PAYLOAD_WANTED_BYTES
    ? ok('nats max_payload', `${bytes} bytes`)
    : warn('nats max_payload', `${bytes} bytes: the largest events don't fit into a message`, 'Set max_payload: 4MB.')
}

async function rightsFindings({ nats, access, settings }: Context): Promise<Finding[]> {
  const own = await examineRights(nats, 'jethook', access.isOwnKey)
  if (access.isOwnKey) return [own]
  const hint = 'Give each service a key: npm run --silent nats-config; see docs/nats.md.'
  const isOpen = nats.connection.info?.auth_required !== true
  return [
    own,
    isOpen
      ? bad('nats credentials', 'the server lets in anybody', hint)
      : warn(
          'nats credentials',
          `all services are one user${settings.NATS_CREDS_FILE === '' ? '' : ' (NATS_CREDS_FILE)'}`,
          hint,
        ),
  ]
}

async function storageFinding({ jsm }: Nats): Promise<Finding> {
  const { storage, limits } = await jsm.getAccountInfo()
  return judgeStore(storage, limits.max_storage)
}

async function streamFindings({ nats, settings }: Context): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const wanted of streamConfigs(settings)) {
    const name = `stream ${wanted.name}`
    const info = await nats.jsm.streams.info(wanted.name!).catch(() => null)
    if (info === null) {
      findings.push(warn(name, 'it is not there yet', 'Start jethook, which makes it.'))
      continue
    }
    const danger = dangerousDifference(wanted, info.config)
    const copies = info.config.num_replicas
    if (danger !== null) findings.push(bad(name, danger, 'jethook will not start on it: see docs/streams.md.'))
    else if (copies < settings.STREAM_REPLICAS)
      findings.push(warn(name, `${copies} copies of ${settings.STREAM_REPLICAS}`, 'Restart jethook with the setting.'))
    else findings.push(ok(name, `${info.state.messages} messages, ${copies} ${copies === 1 ? 'copy' : 'copies'}`))
  }
  return findings
}

interface ServerVariables {
  server?: { name?: string }
  data?: { jetstream?: { config?: { sync_always?: boolean } } }
}

/** Only the server's own account is told; without its key nothing is known. */
async function syncFindings(settings: Settings): Promise<Finding[]> {
  const config = await calloutConfig(settings)
  if (config === null) return []
  const system = await openClient(settings.NATS_URL, 'jethook doctor', config.system)
  try {
    const name = 'nats fsync'
    const answer = await system.request('$SYS.REQ.SERVER.PING.VARZ', '', { timeout: ANSWER_TIMEOUT_MS })
    const { data } = JSON.parse(answer.string()) as ServerVariables
    return [
      data?.jetstream?.config?.sync_always
        ? ok(name, 'what is acknowledged is on disk')
        : bad(name, 'what is acknowledged may be lost in a power failure', 'Set jetstream { sync_interval: always }.'),
    ]
  } finally {
    await system.close()
  }
}

/** By a credential that nobody has: it must be refused, and at once, as only somebody who was asked can do it. */
async function calloutFindings(settings: Settings): Promise<Finding[]> {
  const name = 'nats auth callout'
  const config = await calloutConfig(settings)
  const { tls } = await natsAccess(settings, 'callout')
  const beganMs = performance.now()
  const isLetIn = await connect({
    servers: settings.NATS_URL.split(',').map((url) => new URL(url.trim()).host),
    token: 'jhst_not-a-token',
    name: 'jethook doctor',
    timeout: CONNECT_TIMEOUT_MS,
    reconnect: false,
    ...(tls ? { tls } : {}),
  }).then(
    (connection) => connection.close().then(() => true),
    () => false,
  )
  const isQuick = performance.now() - beganMs < CALLOUT_SLOW_MS
  if (isLetIn)
    return [bad(name, 'a made-up token is let in', 'Set up users, or the auth callout: npm run --silent nats-config.')]
  if (config === null)
    return [
      warn(name, 'not in use: applications need users of their own', 'npm run --silent nats-config; see docs/nats.md.'),
    ]
  return [
    isQuick
      ? ok(name, 'a made-up token is refused')
      : bad(name, 'nobody tells NATS who its clients are: none is let in', 'Start jethook, or its service callout.'),
  ]
}
