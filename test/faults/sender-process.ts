import type { SendResult } from '#shared/domain/outcome.ts'
import { requestTo, testSender } from '../support/sender.ts'

/** Send `count` requests to `url`, `concurrency` at a time. */
export interface SendOrder {
  url: string
  count: number
  concurrency: number
}

/** What came of them by kind, and the most memory that the process has had in between and has now, in bytes. */
export interface SendReport {
  ends: Partial<Record<SendResult['type'], number>>
  peakRssBytes: number
  restRssBytes: number
}

const SAMPLE_INTERVAL_MS = 20

/** The sender in a process of its own, so that its memory can be looked at. */
const { TARGET_ALLOWED_CIDRS = '', DELIVERY_TIMEOUT_MS = '' } = process.env
const sender = testSender({ TARGET_ALLOWED_CIDRS, DELIVERY_TIMEOUT_MS })

async function carryOut({ url, count, concurrency }: SendOrder): Promise<SendReport> {
  const ends: SendReport['ends'] = {}
  let left = count
  let peakRssBytes = 0
  const sample = () => {
    peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss())
  }
  const timer = setInterval(sample, SAMPLE_INTERVAL_MS)
  async function sendOneByOne(): Promise<void> {
    while (left-- > 0) {
      const { type } = await sender.send(requestTo(url))
      ends[type] = (ends[type] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: concurrency }, sendOneByOne))
  sample()
  clearInterval(timer)
  globalThis.gc?.()
  return { ends, peakRssBytes, restRssBytes: process.memoryUsage.rss() }
}

process.on('message', (order: SendOrder) => {
  void carryOut(order).then((report) => process.send?.(report))
})
