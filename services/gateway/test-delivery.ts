import { ProblemError } from '#shared/contract/problems.ts'
import type { TestOrder, TestReport, TestResult } from '#shared/domain/test-delivery.ts'
import { TEST_DELIVERY_SUBJECT } from '#shared/facts/subjects.ts'
import type { RouteDependencies } from './dependencies.ts'

/**
 * Has a deliverer make one request, so that whatever leaves this system leaves it there.
 * @throws {ProblemError} ServiceUnavailable when no deliverer is there or has room, NotFound for an unknown subscription.
 */
export async function askForTestDelivery(
  { nats, logger }: Pick<RouteDependencies, 'nats' | 'logger'>,
  order: TestOrder,
  timeoutMs: number,
): Promise<TestResult> {
  let report: TestReport
  try {
    const answer = await nats.connection.request(TEST_DELIVERY_SUBJECT, JSON.stringify(order), { timeout: timeoutMs })
    report = JSON.parse(answer.string()) as TestReport
  } catch (error) {
    logger.warn({ err: error, subscription_id: order.subscriptionId }, 'no deliverer answers')
    throw new ProblemError('ServiceUnavailable', { detail: 'No deliverer is running, or none answers. Try again.' })
  }
  switch (report.type) {
    case 'made':
      return report.result
    case 'busy':
      throw new ProblemError('ServiceUnavailable', { detail: 'Too many test deliveries are under way. Try again.' })
    case 'unknown subscription':
      throw new ProblemError('NotFound')
  }
}
