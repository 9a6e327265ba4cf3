import type { Nats } from '#shared/runtime/nats.ts'
import { PEER_SILENCE_MS, type Peers } from '#shared/runtime/peers.ts'
import type { Owner, VirtualTime } from './virtual-time.ts'

/** Where simulated processes hear of each other. */
export interface FakePeers {
  /** A process that is new to the others. */
  join(owner: Owner, nats: Nats): Peers
}

const BEAT_INTERVAL_MS = 1_000

export function createFakePeers(time: VirtualTime, kind: string): FakePeers {
  const members = new Map<string, { owner: Owner; nats: Nats; heardMs: number }>()
  let count = 0
  return {
    join(owner, nats) {
      const selfId = `${kind}-${String(++count).padStart(4, '0')}`
      let timer: NodeJS.Timeout | null = null
      const beat = () => {
        if (nats.isUp()) members.set(selfId, { owner, nats, heardMs: time.nowMs() })
      }
      return {
        selfId,
        start() {
          beat()
          timer = setInterval(beat, BEAT_INTERVAL_MS)
        },
        stop() {
          if (timer !== null) clearInterval(timer)
        },
        alive: () => {
          const sinceMs = time.nowMs() - PEER_SILENCE_MS
          const heard = [...members].filter(([, { heardMs }]) => heardMs >= sinceMs).map(([id]) => id)
          return [...new Set([selfId, ...heard])].toSorted()
        },
        async probe(id) {
          await new Promise((resolve) => setTimeout(resolve, 1))
          const member = members.get(id)
          // The connection of a dead process is closed.
          if (member === undefined || !member.owner.isAlive || !member.nats.isUp()) return 'gone'
          return (member.owner.pausedUntilMs ?? 0) > time.nowMs() ? 'silent' : 'alive'
        },
      }
    },
  }
}
