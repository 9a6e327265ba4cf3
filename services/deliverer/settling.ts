import type { Logger } from '#shared/runtime/logger.ts'
import type { HeldItems, Settlement } from './held-items.ts'
import type { WorkItem } from './work-item.ts'

/** The ways in which an item leaves our hands. */
export interface Settling {
  /** It is dealt with: its fact is on disk, or none is needed. */
  finish(item: WorkItem, settlement?: Settlement): void
  /** It comes again after `delayMs`, to us or to another process. */
  handBack(item: WorkItem, delayMs: number): void
  /** Our own trouble, not the receiver's: the message comes again. */
  giveBack(item: WorkItem, error: unknown): void
}

export interface SettlingOptions {
  held: HeldItems
  logger: Logger
  /** What is cut off by a stop is nobody's fault. */
  isStopping(): boolean
  /** After the item has left. */
  onSettled(item: WorkItem, settlement: Settlement): void
}

const TROUBLE_NAK_MS = 1_000

export function createSettling({ held, logger, isStopping, onSettled }: SettlingOptions): Settling {
  function settle(item: WorkItem, settlement: Settlement): void {
    if (held.settle(item, settlement)) onSettled(item, settlement)
  }

  function handBack(item: WorkItem, delayMs: number): void {
    settle(item, 'given back')
    item.message.nak(delayMs)
  }

  return {
    finish(item, settlement = 'known') {
      item.message.ack()
      settle(item, settlement)
    },
    handBack,
    giveBack(item, error) {
      if (isStopping()) {
        settle(item, 'given back')
        return
      }
      const { deliveryId, attemptNumber } = item.attempt
      logger.error({ err: error, delivery_id: deliveryId, attempt: attemptNumber }, 'attempt could not be completed')
      handBack(item, TROUBLE_NAK_MS)
    },
  }
}
