import { type FaultName, SKEW_MAX_MS } from './plan.ts'
import type { SeededRandom } from './seeded-random.ts'
import { ROLES, type Role, type SimProcess, type Surroundings, startProcess } from './sim-process.ts'
import type { Owner } from './virtual-time.ts'

export interface Processes {
  running: SimProcess[]
  delivererCount: number
  heal(): void
  halted(): string[]
  broughtBack(): number
  end(): void
}

const RESTART_MAX_MS = 4_000
const WATCH_MS = 250
/** A process that is to crash does so when it sends its so-manieth message at the most. */
const CRASH_WITHIN_SENDS = 400

/** One to three processes, which share the roles; each that dies is started anew. */
export function createProcesses(
  around: Surroundings,
  random: SeededRandom,
  faults: ReadonlySet<FaultName>,
  /** Decides who runs jobs; null: nobody. */
  jobs: SeededRandom | null,
): Processes {
  const { time } = around.server
  const supervisor: Owner = { name: 'supervisor', isAlive: true }
  const running: SimProcess[] = []
  let isHealed = false
  let broughtBack = 0
  const halted: string[] = []
  const shares = withJobs(shareRoles(random), jobs)
  for (const roles of shares) launch(running.length, roles)

  function launch(place: number, roles: readonly Role[]): void {
    around.trace(`process ${place}`, () => `starts: ${roles.join(', ')}`)
    const skewMs = faults.has('clock skew') ? random.int(-SKEW_MAX_MS, SKEW_MAX_MS) : 0
    let sendsLeft = faults.has('crash') ? random.int(1, CRASH_WITHIN_SENDS) : Number.POSITIVE_INFINITY
    const isBefore = random.chance(0.5)
    const started = startProcess(around, {
      name: `process ${place}`,
      roles,
      skewMs,
      random: random.fork(),
      onSend() {
        if (isHealed || --sendsLeft !== 0) return
        if (isBefore) started.kill()
        else time.after(0, () => started.kill(), supervisor)
      },
    })
    running[place] = started
    const watch = () => {
      const error = started.haltedBy()
      if (error !== null) halted.push(`halted: ${error.message}`)
      else if (started.owner.isAlive) time.after(WATCH_MS, watch, supervisor)
      else {
        around.trace(`process ${place}`, 'is gone')
        broughtBack += started.broughtBack()
        time.after(isHealed ? 100 : random.next() * RESTART_MAX_MS, () => launch(place, roles), supervisor)
      }
    }
    time.after(WATCH_MS, watch, supervisor)
  }

  return {
    running,
    delivererCount: shares.filter((roles) => roles.includes('deliverer')).length,
    heal() {
      isHealed = true
    },
    halted: () => halted,
    broughtBack: () => running.reduce((sum, each) => sum + each.broughtBack(), broughtBack),
    end() {
      supervisor.isAlive = false
      for (const each of running) each.kill()
    },
  }
}

function shareRoles(random: SeededRandom): (readonly Role[])[] {
  const count = random.int(1, 3)
  if (count === 1) return [ROLES]
  const shares: Role[][] = Array.from({ length: count }, () => ROLES.filter(() => random.chance(0.6)))
  for (const role of ROLES) if (!shares.some((share) => share.includes(role))) random.pick(shares).push(role)
  return shares
}

function withJobs(shares: (readonly Role[])[], random: SeededRandom | null): (readonly Role[])[] {
  if (random === null) return shares
  const certain = random.int(0, shares.length - 1)
  return shares.map((roles, i) => (i === certain || random.chance(0.7) ? [...roles, 'jobs'] : roles))
}
