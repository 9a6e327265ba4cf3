import { createFakeJetStream } from './fake-jetstream.ts'
import { createFakeConnection } from './fake-nats.ts'
import { CONTRACT } from './fakes.contract.ts'
import { seededRandom } from './seeded-random.ts'
import { startVirtualTime } from './virtual-time.ts'

/** What the fake answers to each case of the contract, as JSON on standard output. In a process of its own: its time is virtual. */
const answers: Record<string, unknown> = {}
for (const { name, run } of CONTRACT) {
  const time = startVirtualTime()
  const clockMs = () => Date.UTC(2026, 0, 1) + Math.floor(time.nowMs())
  const server = createFakeJetStream(time, seededRandom(1), clockMs)
  const owner = { name: 'client', isAlive: true }
  const { nats } = createFakeConnection({ server, owner, random: seededRandom(2) })
  let isDone = false
  const pause = (ms: number) => new Promise<void>((resolve) => time.after(ms, resolve))
  time.runAs(owner, () =>
    run(nats, { pause, nowMs: clockMs }).then(
      (answer) => {
        answers[name] = answer
        isDone = true
      },
      (error: unknown) => {
        answers[name] = `failed: ${String(error)}`
        isDone = true
      },
    ),
  )
  await time.passUntil(() => isDone, 60_000)
}
process.stdout.write(JSON.stringify(answers))
