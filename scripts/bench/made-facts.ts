import { randomUUID } from 'node:crypto'
import { attemptIdOf } from '#shared/domain/ids.ts'
import type { Decision, DeliveryAttempted, DeliveryCreated } from '#shared/facts/ledger.ts'
import type { AppendMessage } from '#shared/runtime/appender.ts'
import { createGroupCommitAppender } from '#shared/runtime/group-commit-appender.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import type { StreamName } from '#shared/runtime/streams.ts'

/** Whose facts they are, and of which event. */
export interface FactsOf {
  applicationId: string
  subscriptionId: string
  eventId: string
  eventSeq: number
  eventType: string
}

/** No lane's: nobody is to deliver them. */
const SUBJECT_OF_NOBODY = 'ledger.made_deliveries'

export function madeDelivery(of: FactsOf, nowMs: number): DeliveryCreated {
  return { v: 1, type: 'delivery', deliveryId: randomUUID(), ...of, controlSeq: 1, createdAtMs: nowMs }
}

/** Tells that there is this delivery, but no deliverer. */
export function deliveryMessage(delivery: DeliveryCreated): AppendMessage {
  return { subject: SUBJECT_OF_NOBODY, body: JSON.stringify(delivery), msgId: delivery.deliveryId }
}

/** The fact of a first attempt, as a receiver that answers shortly makes it. */
export function madeAttempt(
  delivery: DeliveryCreated,
  { nowMs, statusCode, decision }: { nowMs: number; statusCode: number; decision: Decision },
): DeliveryAttempted {
  const { deliveryId, eventId, eventSeq, eventType, applicationId, subscriptionId, controlSeq } = delivery
  const isSuccess = decision.type === 'succeeded'
  return {
    v: 1,
    type: 'attempt',
    attemptId: attemptIdOf(deliveryId, 1),
    deliveryId,
    eventId,
    eventSeq,
    eventType,
    applicationId,
    subscriptionId,
    controlSeq,
    attemptNumber: 1,
    createdAtMs: nowMs,
    dueAtMs: null,
    startedAtMs: nowMs,
    finishedAtMs: nowMs + 3,
    durationMs: 3,
    outcome: isSuccess ? 'success' : 'failed',
    errorName: isSuccess ? null : 'E_HTTP',
    errorMessage: null,
    response: {
      statusCode,
      headers: { date: 'Thu, 01 Jan 2026 00:00:00 GMT', connection: 'keep-alive', 'content-length': '2' },
      bodyBase64: 'b2s=',
      isBodyCut: false,
    },
    decision,
  }
}

const UNDER_WAY_MAX = 10_000

/** Appends `count` messages as fast as the stream takes them. @returns messages a second. */
export async function appendMade(
  nats: Nats,
  stream: StreamName,
  { count, message }: { count: number; message: (i: number) => AppendMessage },
): Promise<number> {
  const appender = createGroupCommitAppender({ nats, stream, logger: createLogger('error') })
  const beganMs = performance.now()
  try {
    for (let i = 0; i < count; i += UNDER_WAY_MAX) {
      const length = Math.min(UNDER_WAY_MAX, count - i)
      await Promise.all(Array.from({ length }, (_, k) => appender.append(message(i + k))))
    }
    return count / ((performance.now() - beganMs) / 1_000)
  } finally {
    appender.close()
  }
}
