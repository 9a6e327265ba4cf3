import { WAITING_SUBJECTS } from '../facts/subjects.ts'
import type { Nats } from './nats.ts'
import { STREAM_NAMES } from './streams.ts'

/**
 * Whoever waits in order behind a dead letter may go on: the lane's owner looks for what others have let go. Doing it twice is
 * no error.
 */
export async function letNextOneGo(
  nats: Pick<Nats, 'jsm'>,
  { lane, subscriptionId, deliveryId }: { lane: number; subscriptionId: string; deliveryId: string },
): Promise<void> {
  // Its place first: a note without a place holds nobody up for long, a place without a note would be tried again.
  for (const filter of [
    WAITING_SUBJECTS.places(lane, subscriptionId, '*', deliveryId),
    WAITING_SUBJECTS.head(lane, subscriptionId, '*', deliveryId),
  ])
    await nats.jsm.streams.purge(STREAM_NAMES.waiting, { filter })
}
