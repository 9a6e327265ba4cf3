import { NO_SERVER_FAULTS } from './fake-jetstream.ts'
import { type FaultName, PAUSE_MAX_MS, TROUBLE_MS } from './plan.ts'
import type { Processes } from './processes.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimProcess, Surroundings } from './sim-process.ts'
import type { Owner, VirtualTime } from './virtual-time.ts'

interface TroubleOptions {
  time: VirtualTime
  random: SeededRandom
  faults: ReadonlySet<FaultName>
  around: Surroundings
  processes: Processes
  gateway: SimProcess
}

/** Makes each of the seed's kinds of trouble a few times, and takes back at the end what lasts. */
export function makeTrouble({ time, random, faults, around, processes, gateway }: TroubleOptions) {
  const { server, database } = around
  const demon: Owner = { name: 'trouble', isAlive: true }
  const at = (ms: number, act: () => void) => time.after(ms, act, demon)
  const often = (name: FaultName, timesMax: number, act: () => void) => {
    if (!faults.has(name)) return
    for (let i = random.int(1, timesMax); i > 0; i--) at(random.next() * TROUBLE_MS, act)
  }
  const anybody = () => random.pick([...processes.running, gateway])
  const cutAll = () => {
    const downMs = random.int(20, 2_000)
    for (const { connection } of [...processes.running, gateway]) connection.cut(downMs + random.int(0, 100))
  }
  const crashServer = (losesConsumers: boolean) => {
    cutAll()
    server.crash(losesConsumers)
  }

  if (faults.has('double firing')) server.faults.doubleFiring = 0.5
  if (faults.has('missing firing')) server.faults.missingFiring = 0.2
  if (faults.has('late firing')) server.faults.lateFiringMaxMs = 8_000
  if (faults.has('redelivery')) server.faults.spuriousRedelivery = 0.2
  if (faults.has('slow')) server.faults.fsyncMaxMs = 200
  const { trace } = around
  often('cut', 5, () => {
    const [unlucky, downMs] = [anybody(), random.int(20, 2_000)]
    trace(unlucky.owner.name, () => `is cut off for ${downMs} ms`)
    unlucky.connection.cut(downMs)
  })
  often('lost answers', 3, () => {
    const [unlucky, forMs] = [anybody(), random.int(100, 3_000)]
    trace(unlucky.owner.name, () => `hears nothing for ${forMs} ms`)
    unlucky.connection.loseAnswers(forMs)
  })
  often('slow', 3, () => {
    anybody().connection.latencyMaxMs = random.int(10, 300)
  })
  often('pause', 2, () => {
    const { owner } = random.pick(processes.running)
    trace(owner.name, 'is paused')
    if ((owner.pausedUntilMs ?? 0) < time.nowMs()) owner.pausedSinceMs = time.nowMs()
    owner.pausedUntilMs = Math.max(owner.pausedUntilMs ?? 0, time.nowMs() + random.int(500, PAUSE_MAX_MS))
  })
  often('server crash', 3, () => crashServer(false))
  often('server crash, consumers lost', 2, () => crashServer(true))
  often('disk full', 2, () => {
    server.faults.isDiskFull = true
    at(random.int(100, 3_000), () => {
      server.faults.isDiskFull = false
    })
  })
  often('database cut', 5, database.cutAll)
  often('database down', 2, () => {
    database.isDown = true
    at(random.int(100, 6_000), () => {
      database.isDown = false
      database.cutAll()
    })
  })
  let isOver = false
  at(TROUBLE_MS + 8_000, () => {
    Object.assign(server.faults, NO_SERVER_FAULTS)
    database.isDown = false
    for (const { connection } of [...processes.running, gateway]) connection.latencyMaxMs = 1
    isOver = true
  })
  return { isOver: () => isOver }
}
