import type { Msg, Subscription } from '@nats-io/transport-node'
import { REQUEST_ORIGIN_HEADER } from '#shared/domain/handshake.ts'
import type { RegisteredSubscription, Registry } from '#shared/domain/registry.ts'
import type { SecretBox } from '#shared/domain/secret-box.ts'
import { TEST_HEADER, type TestOrder, type TestReport, testResultOf } from '#shared/domain/test-delivery.ts'
import { TEST_DELIVERY_SUBJECT } from '#shared/facts/subjects.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { createSender } from '#shared/runtime/sender/sender.ts'
import type { DelivererConfig } from './config.ts'
import { buildRequest } from './request.ts'
import { createTargets } from './targets.ts'

export interface TestDeskOptions {
  nats: Nats
  registry: Registry
  controlReader: ControlReader
  secretBox: SecretBox
  config: DelivererConfig
  clock: Clock
  logger: Logger
}

/** Requests that people wait for; with more than these they are told to come again. */
const UNDER_WAY_MAX = 16
const CONTROL_WAIT_MS = 2_000
const QUEUE = 'deliverers'

/**
 * Makes the test deliveries that gateways ask for, on plain NATS: one request each, signed and guarded like a real one. It has
 * connections of its own, and leaves no trace in LEDGER.
 */
export function createTestDesk(options: TestDeskOptions): Service {
  const { nats, registry, controlReader, config, clock, logger } = options
  const sender = createSender(config.sender, logger)
  const targets = createTargets(options.secretBox, config.format)
  let subscription: Subscription | null = null
  let underWay = 0

  async function serve(message: Msg): Promise<void> {
    const answer = (report: TestReport) => void message.respond(JSON.stringify(report))
    if (underWay >= UNDER_WAY_MAX) {
      answer({ type: 'busy' })
      return
    }
    underWay++
    try {
      answer(await make(JSON.parse(message.string()) as TestOrder))
    } catch (error) {
      // Whoever asked is told by a time-out.
      logger.warn({ err: error }, 'a test delivery could not be made')
    } finally {
      underWay--
    }
  }

  async function make({ subscriptionId, controlSeq, event, payloadBase64 }: TestOrder): Promise<TestReport> {
    await controlReader.waitFor(controlSeq, CONTROL_WAIT_MS)
    const registered = registry.subscriptions.get(subscriptionId)
    if (registered === undefined || registered.state.deletedAtMs !== null) return { type: 'unknown subscription' }
    const timestamp = Math.floor(clock.nowMs() / 1_000)
    const payload = Buffer.from(payloadBase64, 'base64')
    const request = buildRequest(targets.of(registered), { event, payload }, timestamp, config.format)
    if (request === null) {
      const result = testResultOf({ type: 'invalid-header', message: 'A header value is not visible ASCII' }, 0)
      return { type: 'made', result }
    }
    request.headers.push(...marksOf(registered))
    const beganMs = performance.now()
    const result = await sender.send(request)
    const durationMs = Math.round(performance.now() - beganMs)
    logger.info({ subscription_id: subscriptionId, elapsed_ms: durationMs, outcome: result.type }, 'test delivery')
    return { type: 'made', result: testResultOf(result, durationMs) }
  }

  const marksOf = ({ state }: RegisteredSubscription) => [
    TEST_HEADER,
    'true',
    ...(state.handshake ? [REQUEST_ORIGIN_HEADER, config.origin] : []),
  ]

  return {
    name: 'test desk',
    async start() {
      subscription ??= nats.connection.subscribe(TEST_DELIVERY_SUBJECT, {
        queue: QUEUE,
        callback: (error, message) => {
          if (error === null) void serve(message)
        },
      })
    },
    async stop() {
      subscription?.unsubscribe()
      await sender.close()
    },
  }
}
