import type { DeliveryAttempted, DeliveryCreated } from '#shared/facts/ledger.ts'

/** Checks that deliveries with the same order key are made one after the other. */
export interface OrderCheck {
  onDelivery(fact: DeliveryCreated): void
  /** @returns what is wrong with the attempt, or null. */
  onAttempt(fact: DeliveryAttempted): string | null
  /** @param atMs When it ended; null: it was called off. @param isBlocking Nothing may follow until it is skipped. */
  onEnd(deliveryId: string, atMs: number | null, isBlocking: boolean): void
  /** A person has redriven or discarded a dead letter: it blocks nothing any more. */
  onResolved(deliveryId: string): void
}

interface Chain {
  /** Deliveries that have not ended, in order. */
  open: Set<string>
  lastEndMs: number
  blockedBy: string | null
}

/** @param toleranceMs Two processes' clocks may differ by so much. */
export function createOrderCheck(toleranceMs: number): OrderCheck {
  const chains = new Map<string, Chain>()
  const chainOf = new Map<string, Chain>()
  const blockedChains = new Map<string, Chain>()

  return {
    onDelivery({ deliveryId, subscriptionId, orderKey, redriveOf }) {
      if (orderKey === undefined || chainOf.has(deliveryId)) return
      const name = `${subscriptionId}/${orderKey}`
      const chain = chains.get(name) ?? { open: new Set<string>(), lastEndMs: 0, blockedBy: null }
      chains.set(name, chain)
      // It takes the place of the one that the others wait for.
      if (redriveOf !== undefined && chain.blockedBy === redriveOf) chain.open = new Set([deliveryId, ...chain.open])
      else chain.open.add(deliveryId)
      chainOf.set(deliveryId, chain)
    },
    onAttempt({ deliveryId, attemptNumber, startedAtMs }) {
      const chain = chainOf.get(deliveryId)
      if (chain === undefined) return null
      const [first] = chain.open
      if (chain.blockedBy !== null) return `attempt ${attemptNumber} comes behind the dead letter ${chain.blockedBy}`
      if (first !== deliveryId) return `attempt ${attemptNumber} comes before ${first} has ended`
      const earlyMs = chain.lastEndMs - startedAtMs
      return earlyMs > toleranceMs
        ? `attempt ${attemptNumber} began ${earlyMs} ms before the one before had ended`
        : null
    },
    onEnd(deliveryId, atMs, isBlocking) {
      const chain = chainOf.get(deliveryId)
      if (chain === undefined) return
      chain.open.delete(deliveryId)
      chainOf.delete(deliveryId)
      if (atMs !== null) chain.lastEndMs = Math.max(chain.lastEndMs, atMs)
      if (!isBlocking) return
      chain.blockedBy = deliveryId
      blockedChains.set(deliveryId, chain)
    },
    onResolved(deliveryId) {
      const chain = blockedChains.get(deliveryId)
      if (chain?.blockedBy === deliveryId) chain.blockedBy = null
      blockedChains.delete(deliveryId)
    },
  }
}
