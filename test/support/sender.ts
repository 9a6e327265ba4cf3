import { loadSettings } from '#shared/runtime/config.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { createSender, type OutgoingRequest, type Sender } from '#shared/runtime/sender/sender.ts'
import { senderConfig } from '#shared/runtime/sender/sender-config.ts'

/** The sender by itself, with the settings of a deliverer. */
export function testSender(environment: Record<string, string> = {}): Sender {
  return createSender(senderConfig(loadSettings(environment)), createLogger(process.env['TEST_LOG_LEVEL'] ?? 'silent'))
}

export function requestTo(url: string, more: Partial<OutgoingRequest> = {}): OutgoingRequest {
  const { origin, pathname, search } = new URL(url)
  const headers = ['content-type', 'application/json', 'accept-encoding', 'identity']
  return { origin, path: pathname + search, method: 'POST', headers, body: Buffer.from('{}'), ...more }
}
