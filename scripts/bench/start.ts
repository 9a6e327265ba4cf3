import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import { startJethookProcess } from './processes.ts'
import { type Results, spreadOf } from './results.ts'

const WARM_STARTS = 5
const QUICK_WARM_STARTS = 1

/** `npm start`, servers included, on an empty home and then on one that is there: until it takes requests. */
export async function benchStart({ options }: { options: { isQuick: boolean } }): Promise<Results> {
  const home = await mkdtemp(join(tmpdir(), 'jethook-bench-start-'))
  const start = async () => {
    const jethook = await startJethookProcess({
      JETHOOK_HOME: home,
      PORT: String(await anyFreePort()),
      NATS_URL: '',
      DATABASE_URL: '',
      LOG_LEVEL: 'error',
    })
    await jethook.stop()
    return jethook.readySeconds
  }
  try {
    const cold = await start()
    const warm: number[] = []
    for (let i = 0; i < (options.isQuick ? QUICK_WARM_STARTS : WARM_STARTS); i++) warm.push(await start())
    return {
      'start-cold': { figures: { ready_s: cold } },
      'start-warm': { figures: { ready_s: spreadOf(warm).median, slowest_s: Math.max(...warm) } },
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}
