import { Client } from 'undici'

/**
 * A load generator in a process of its own: keeps so many requests under way until so many are answered, then tells its
 * parent the time of each answer.
 */
interface LoadOrder {
  origin: string
  path: string
  headers: Record<string, string>
  body: string
  connections: number
  total: number
}

process.once('message', (order: LoadOrder) => {
  void run(order)
})
process.once('disconnect', () => process.exit())

async function run({ origin, path, headers, body, connections, total }: LoadOrder): Promise<void> {
  const latenciesMs: number[] = []
  const statuses: Record<string, number> = {}
  let started = 0
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new Client(origin, { pipelining: 1 })
      while (started < total) {
        started++
        const beganMs = performance.now()
        const { statusCode, body: answer } = await client.request({ path, method: 'POST', headers, body })
        await answer.dump()
        latenciesMs.push(performance.now() - beganMs)
        statuses[statusCode] = (statuses[statusCode] ?? 0) + 1
      }
      await client.close()
    }),
  )
  latenciesMs.sort((a, b) => a - b)
  const quantile = (share: number) =>
    latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))] ?? 0
  process.send?.({ statuses, p50Ms: quantile(0.5), p99Ms: quantile(0.99) })
}
