import type { DeliveryAttempted, DeliveryCreated } from '#shared/facts/ledger.ts'

/** Checks that deliveries with the same order key are made one after the other. */
export interface OrderCheck {
  onDelivery(fact: DeliveryCreated): void
  onAttempt(fact: DeliveryAttempted): void
  /** @param atMs When it ended; null: it was called off. @param isBlocking Nothing may follow until it is skipped. */
  onEnd(deliveryId: string, atMs: number | null, isBlocking: boolean): void
  /** Those behind a dead letter need not wait for it any more: it is skipped, redriven or discarded. */
  onSkip(deliveryId: string): void
  /**
   * There is no more: what was open in front of an attempt has not been called off.
   * @param isCalledOff By what CONTROL says in the end.
   */
  finish(isCalledOff: (delivery: Place) => boolean): void
}

/** What decides whether a delivery was called off with all others of its subscription. */
type Place = Pick<DeliveryCreated, 'deliveryId' | 'subscriptionId' | 'controlSeq'>

interface Chain {
  /** Deliveries that have not ended, in order. */
  open: Map<string, Place>
  lastEndMs: number
  blockedBy: Place | null
  /** Attempts that overtook others. */
  doubts: Set<Doubt>
  /** Attempts behind a dead letter that blocks: no fault either, when that was called off with its subscription. */
  behindDead: { deliveryId: string; attemptNumber: number; blockedBy: Place }[]
}

/** It is no fault when all in front had been called off by then: that may be said later than it was decided. */
interface Doubt {
  deliveryId: string
  attemptNumber: number
  inFront: Set<string>
}

const newChain = (): Chain => ({
  open: new Map(),
  lastEndMs: 0,
  blockedBy: null,
  doubts: new Set(),
  behindDead: [],
})

/**
 * @param toleranceMs Two processes' clocks may differ by so much.
 * @param breaks Is told what is wrong with a delivery.
 */
export function createOrderCheck(
  toleranceMs: number,
  breaks: (deliveryId: string, detail: string) => void,
): OrderCheck {
  const chains = new Map<string, Chain>()
  const chainOf = new Map<string, Chain>()
  const blocked = new Map<string, Chain>()

  function tell({ deliveryId, attemptNumber, inFront }: Doubt): void {
    const [first] = inFront
    breaks(deliveryId, `attempt ${attemptNumber} comes before ${first} has ended`)
  }

  function settleDoubts(chain: Chain, deliveryId: string, isCalledOff: boolean): void {
    for (const doubt of chain.doubts) {
      if (!doubt.inFront.has(deliveryId)) continue
      if (!isCalledOff) tell(doubt)
      else doubt.inFront.delete(deliveryId)
      if (!isCalledOff || doubt.inFront.size === 0) chain.doubts.delete(doubt)
    }
  }

  function overtakenBy(chain: Chain, deliveryId: string): Set<string> {
    const inFront = new Set<string>()
    for (const each of chain.open.keys()) {
      if (each === deliveryId) break
      inFront.add(each)
    }
    return inFront
  }

  return {
    onDelivery({ deliveryId, subscriptionId, controlSeq, orderKey }) {
      if (orderKey === undefined || chainOf.has(deliveryId)) return
      const name = `${subscriptionId}/${orderKey}`
      const chain = chains.get(name) ?? newChain()
      chains.set(name, chain)
      chain.open.set(deliveryId, { deliveryId, subscriptionId, controlSeq })
      chainOf.set(deliveryId, chain)
    },
    onAttempt({ deliveryId, attemptNumber, startedAtMs }) {
      const chain = chainOf.get(deliveryId)
      if (chain === undefined) return
      settleDoubts(chain, deliveryId, false)
      const inFront = overtakenBy(chain, deliveryId)
      const earlyMs = chain.lastEndMs - startedAtMs
      if (chain.blockedBy !== null) chain.behindDead.push({ deliveryId, attemptNumber, blockedBy: chain.blockedBy })
      else if (inFront.size > 0) chain.doubts.add({ deliveryId, attemptNumber, inFront })
      else if (earlyMs > toleranceMs)
        breaks(deliveryId, `attempt ${attemptNumber} began ${earlyMs} ms before the one before had ended`)
    },
    onEnd(deliveryId, atMs, isBlocking) {
      const chain = chainOf.get(deliveryId)
      if (chain === undefined) return
      const place = chain.open.get(deliveryId)!
      chain.open.delete(deliveryId)
      chainOf.delete(deliveryId)
      settleDoubts(chain, deliveryId, atMs === null)
      if (atMs !== null) chain.lastEndMs = Math.max(chain.lastEndMs, atMs)
      if (!isBlocking) return
      chain.blockedBy = place
      blocked.set(deliveryId, chain)
    },
    onSkip(deliveryId) {
      const chain = blocked.get(deliveryId)
      blocked.delete(deliveryId)
      if (chain?.blockedBy?.deliveryId === deliveryId) chain.blockedBy = null
    },
    finish(isCalledOff) {
      for (const { doubts, behindDead } of chains.values()) {
        for (const doubt of doubts) tell(doubt)
        for (const { deliveryId, attemptNumber, blockedBy } of behindDead)
          if (!isCalledOff(blockedBy))
            breaks(deliveryId, `attempt ${attemptNumber} comes behind the dead letter ${blockedBy.deliveryId}`)
      }
    },
  }
}
