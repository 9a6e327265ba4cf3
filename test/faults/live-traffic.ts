import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ApiAccess } from '../support/api.ts'

/** What the process of `live-traffic-process.ts` is told. */
export interface LiveOrder extends ApiAccess {
  perSecond: number
}

/** Events that are posted at a steady rate, and received, in a process of its own: nothing else there makes them late. */
export interface LiveTraffic {
  /** Milliseconds from the post to the arrival, of what has arrived since the last time. */
  take(): Promise<number[]>
  stop(): Promise<void>
}

const PROCESS = fileURLToPath(new URL('live-traffic-process.ts', import.meta.url))

export async function startLiveTraffic(order: LiveOrder): Promise<LiveTraffic> {
  const child = fork(PROCESS, { env: { ...process.env, LIVE_ORDER: JSON.stringify(order) } })
  await answerOf(child)
  return {
    async take() {
      const answer = answerOf(child)
      child.send('take')
      return answer
    },
    async stop() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

async function answerOf(child: ChildProcess): Promise<number[]> {
  const ended = new AbortController()
  const onExit = () => ended.abort(new Error('the live traffic has ended'))
  child.once('exit', onExit)
  try {
    const [answer] = await once(child, 'message', { signal: ended.signal })
    return answer as number[]
  } finally {
    child.off('exit', onExit)
  }
}
