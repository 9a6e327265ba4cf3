import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node'
import type { Registry } from '#shared/domain/registry.ts'
import type { SecretBox } from '#shared/domain/secret-box.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import { type Health, type PartState, unwell } from '#shared/runtime/health.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Metrics } from '#shared/runtime/metrics.ts'
import { type Nats, openClient } from '#shared/runtime/nats.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { type AnswerContext, admission, createSeal, responseTo } from './answers.ts'
import type { CalloutConfig } from './config.ts'
import { type LoginRequest, readLoginRequest } from './login-request.ts'
import { createRevocations } from './revocations.ts'

export interface CalloutDependencies {
  nats: Nats
  registry: Registry
  controlReader: ControlReader
  secretBox: SecretBox
  clock: Clock
  health: Health
  metrics: Metrics
  logger: Logger
  /** Null: nothing is asked, so nothing is answered. */
  config: CalloutConfig | null
}

const SUBJECT = '$SYS.REQ.USER.AUTH'
/** Of several of them one is asked. */
const QUEUE = 'jethook'
const XKEY_HEADER = 'Nats-Server-Xkey'
/** Asked and not yet answered; the server gives up on further ones by itself, and their clients come again. */
const WAITING_MAX = 1_000
/** For what another process may just have written. */
const CATCH_UP_MS = 1_000

/** Tells nats-server who comes with an application secret or a service token, and ends the connections of those revoked. */
export function createCallout(deps: CalloutDependencies): Service {
  return deps.config === null ? NOTHING_TO_DO : createWorker({ ...deps, config: deps.config })
}

const NOTHING_TO_DO: Service = { name: 'callout', start: async () => {}, stop: async () => {} }

function createWorker(deps: CalloutDependencies & { config: CalloutConfig }): Service {
  const { config, registry, secretBox, clock, logger, health, metrics } = deps
  const { areApplicationSecretsTaken, issuer, sessionSeconds } = config
  const { lookupOf } = secretBox
  const context: AnswerContext = { registry, lookupOf, areApplicationSecretsTaken, issuer, sessionSeconds, clock }
  const seal = createSeal(config.xkey)
  const counts = { admitted: 0, refused: 0, unanswered: 0 }
  const waiting: Msg[] = []
  const underWay = new Set<Promise<void>>()
  let isAnswering = false
  let connections: { authenticator: NatsConnection; system: NatsConnection } | null = null
  let subscription: Subscription | null = null
  const revocations = createRevocations({ ...deps, system: () => connections!.system })

  /** Who is not known yet may have been made by another process just now. */
  async function admit(request: LoginRequest): Promise<string | null> {
    const known = await admission(request, context)
    if (known !== null) return known
    const seqBefore = registry.seq
    await Promise.race([catchUp(), delay(CATCH_UP_MS, undefined, { ref: false })])
    return registry.seq === seqBefore ? null : admission(request, context)
  }

  async function catchUp(): Promise<void> {
    const { lastSeq } = await readStreamState(deps.nats, STREAM_NAMES.control)
    await deps.controlReader.waitFor(lastSeq, CATCH_UP_MS)
  }

  async function answer(message: Msg): Promise<void> {
    const serverXkey = message.headers?.get(XKEY_HEADER)
    if (!serverXkey) throw new Error('nats-server asks unencrypted: set xkey in its auth_callout')
    const request = readLoginRequest(seal.open(message.data, serverXkey), serverXkey)
    if (request.expiresAtMs > 0 && request.expiresAtMs <= clock.nowMs() - 1_000) throw new Error('it is too late')
    const userJwt = await admit(request)
    message.respond(seal.seal(await responseTo(request, userJwt, issuer), serverXkey))
    if (userJwt === null) counts.refused++
    else counts.admitted++
    logger.debug({ from: request.from.host, isAdmitted: userJwt !== null }, 'somebody connects to NATS')
  }

  async function answerOrLog(message: Msg): Promise<void> {
    try {
      await answer(message)
    } catch (error) {
      counts.unanswered++
      logger.warn({ err: error }, 'nats-server is not told who somebody is')
    }
  }

  /** Each takes some milliseconds of this process: whatever else it does comes in between. */
  async function answerAll(): Promise<void> {
    for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
      const answering = answerOrLog(message).finally(() => underWay.delete(answering))
      underWay.add(answering)
      await nextTurn()
    }
    isAnswering = false
  }

  function take(error: Error | null, message: Msg): void {
    if (error !== null) return
    if (waiting.length + underWay.size >= WAITING_MAX) {
      counts.unanswered++
      return
    }
    waiting.push(message)
    if (isAnswering) return
    isAnswering = true
    void answerAll()
  }

  function state(): PartState {
    if (connections === null) return unwell('it is not started')
    if (subscription === null || subscription.isClosed())
      return unwell('it hears of nobody: its subscription has ended')
    return revocations.state()
  }

  health.register('auth callout', state)
  metrics.counter(
    {
      name: 'jethook_nats_logins_total',
      help: 'Clients of NATS that nats-server has asked about: let in, refused, or not answered for',
      labels: ['result'],
    },
    () => Object.entries(counts).map(([result, value]) => ({ labels: { result }, value })),
  )
  metrics.counter(
    {
      name: 'jethook_nats_connections_ended_total',
      help: 'Connections to NATS that were ended, as their credentials were revoked or give other rights by now',
    },
    () => revocations.ended,
  )
  return {
    name: 'callout',
    async start() {
      if (connections !== null) return
      const [authenticator, system] = await Promise.all([
        openClient(config.natsUrl, 'jethook callout', config.authenticator),
        openClient(config.natsUrl, 'jethook revocations', config.system),
      ])
      connections = { authenticator, system }
      subscription = authenticator.subscribe(SUBJECT, { queue: QUEUE, callback: take })
      await authenticator.flush()
      revocations.start()
    },
    async stop() {
      subscription?.unsubscribe()
      await Promise.all(underWay)
      await revocations.stop()
      await Promise.all([connections?.authenticator.close(), connections?.system.close()])
    },
  }
}
