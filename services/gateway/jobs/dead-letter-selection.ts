import type { DeadLetterFilterPost } from '#shared/contract/dead-letter-schemas.ts'
import { DELIVERY_IDS_MAX } from '#shared/contract/job-schemas.ts'
import { decodeEvent } from '#shared/facts/event.ts'
import type { DeadLetterFilter, DeadLetterSelection, JobPreview } from '#shared/facts/job.ts'
import { readStored, STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { readCheckpoints } from '../queries/checkpoints.ts'
import { countDeadLetters, type DeadLetterCount } from '../queries/dead-letters.ts'
import { timeOfBody, uuidOfBody } from '../request-values.ts'
import { refuseInvalid } from '../routes/route.ts'

/** What a request says about which dead letters are meant. */
export interface ChosenPost {
  filter?: DeadLetterFilterPost
  delivery_ids?: string[]
}

type Needs = Pick<RouteDependencies, 'orm' | 'nats'>

const SUBSCRIPTIONS_SHOWN = 100

/**
 * What is chosen, up to where the read model has come; and how much that is.
 * @throws {ProblemError} 422 when neither or both of filter and ids are given, 400 for values of a wrong form.
 */
export async function selectDeadLetters(
  needs: Needs,
  applicationId: string,
  post: ChosenPost,
): Promise<{ selection: DeadLetterSelection; preview: JobPreview }> {
  const deliveryIds = readIds(post)
  const filter = readFilter(post.filter ?? {})
  const { ledger: throughLedgerSeq } = await readCheckpoints(needs.orm)
  const counts = await countDeadLetters(needs.orm, {
    applicationId,
    filter,
    deliveryIds: deliveryIds ?? null,
    throughLedgerSeq,
  })
  return {
    selection: {
      type: 'dead_letters',
      filter,
      throughLedgerSeq,
      ...(deliveryIds === undefined ? {} : { deliveryIds }),
    },
    preview: await previewOf(needs, counts),
  }
}

function readIds({ filter, delivery_ids: ids }: ChosenPost): string[] | undefined {
  if ((filter === undefined) === (ids === undefined)) {
    const message = 'Give either a filter (an empty one means all) or delivery_ids'
    refuseInvalid({ filter: [{ code: 'either', message, params: {} }] })
  }
  if (ids !== undefined && (ids.length < 1 || ids.length > DELIVERY_IDS_MAX)) {
    const message = `1 to ${DELIVERY_IDS_MAX} deliveries can be named; choose more by a filter`
    refuseInvalid({ delivery_ids: [{ code: 'length', message, params: { min: 1, max: DELIVERY_IDS_MAX } }] })
  }
  return ids?.map(uuidOfBody)
}

function readFilter(post: DeadLetterFilterPost): DeadLetterFilter {
  return {
    ...(post.subscription_ids === undefined ? {} : { subscriptionIds: post.subscription_ids.map(uuidOfBody) }),
    ...(post.event_types === undefined ? {} : { eventTypes: post.event_types }),
    ...(post.event_id === undefined ? {} : { eventId: uuidOfBody(post.event_id) }),
    ...(post.causes === undefined ? {} : { causes: post.causes }),
    ...(post.status_codes === undefined ? {} : { statusCodes: post.status_codes }),
    ...(post.error === undefined ? {} : { error: post.error }),
    ...(post.labels === undefined ? {} : { labels: post.labels }),
    ...(post.min_dead_at === undefined ? {} : { minDeadAt: timeOfBody('min_dead_at', post.min_dead_at) }),
    ...(post.max_dead_at === undefined ? {} : { maxDeadAt: timeOfBody('max_dead_at', post.max_dead_at) }),
  }
}

async function previewOf({ nats }: Needs, counts: readonly DeadLetterCount[]): Promise<JobPreview> {
  let payloadBytes = 0
  for (const { count, bytes_seqs: seqs } of counts.slice(0, SUBSCRIPTIONS_SHOWN)) {
    const stored = await Promise.all(seqs.map((seq) => readStored(nats, STREAM_NAMES.events, Number(seq))))
    const sizes = stored.flatMap((each) => (each === null ? [] : [decodeEvent(each.data).payload.length]))
    if (sizes.length > 0) payloadBytes += (count * sizes.reduce((sum, size) => sum + size, 0)) / sizes.length
  }
  const oldest = Math.min(...counts.map((each) => each.oldest_ms))
  return {
    count: counts.reduce((sum, each) => sum + each.count, 0),
    events: 0,
    subscriptions: counts
      .slice(0, SUBSCRIPTIONS_SHOWN)
      .map((each) => ({ subscriptionId: each.subscription_id, count: each.count })),
    subscriptionCount: counts.length,
    oldestAtMs: counts.length === 0 ? null : Math.round(oldest),
    payloadBytes: Math.round(payloadBytes),
  }
}
