import { AckPolicy, type Consumer, DeliverPolicy, JetStreamApiError, type JsMsg } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { type OutcomeEvent, outcomeOfEvent, outcomeSubject, outcomesOfFact } from '#shared/domain/outcome-event.ts'
import { decodeLedgerFact } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import type { Health } from '#shared/runtime/health.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { createStreamReader, type StreamReader } from '#shared/runtime/stream-reader.ts'
import { STREAM_NAMES, type StreamName } from '#shared/runtime/streams.ts'
import type { OutcomesConfig } from './config.ts'

export interface OutcomesDependencies {
  nats: Nats
  health: Health
  config: OutcomesConfig
  logger: Logger
}

const CONSUMER = 'outcomes'
const CONSUMER_NOT_FOUND = 10014
/** Nobody runs it for so long: what happened meanwhile is told to nobody. */
const INACTIVE_NANOS = 24 * 3_600_000_000_000
const BATCH_MAX = 500
const GATHER_MS = 20
/**
 * Says that it comes from here: who publishes may let an answer be sent to another application's `out.…`, but can't choose its
 * headers.
 */
const MARK = headers()
MARK.set('Jethook-Outcome', '1')
const LEDGER_FILTER = [LEDGER_SUBJECTS.attempt, LEDGER_SUBJECTS.cancelled, LEDGER_SUBJECTS.rejected]

/**
 * Publishes `out.<application_id>.<kind>` on plain NATS: at most once, in the order of each stream. Several of them share the
 * work, so that each thing is told by one.
 */
export function createOutcomes({ nats, health, config, logger }: OutcomesDependencies): Service {
  function follow(
    stream: StreamName,
    more: { headersOnly: boolean; filter: readonly string[] },
    outcomesOf: (message: JsMsg) => OutcomeEvent[],
  ): StreamReader {
    return createStreamReader({
      nats,
      logger,
      stream,
      batchMax: BATCH_MAX,
      gatherMs: GATHER_MS,
      fromSeq: () => 0,
      openConsumer: () => openConsumer(nats, stream, more),
      async onBatch(messages) {
        for (const outcome of messages.flatMap(outcomesOf))
          nats.connection.publish(outcomeSubject(outcome), JSON.stringify(outcome.body), { headers: MARK })
      },
    })
  }

  const readers = {
    events: follow(STREAM_NAMES.events, { headersOnly: true, filter: [] }, ({ subject, headers: has, time }) =>
      outcomeOfEvent(subject, has?.get('Nats-Msg-Id') ?? '', time.getTime()),
    ),
    ledger: follow(STREAM_NAMES.ledger, { headersOnly: false, filter: LEDGER_FILTER }, (message) =>
      outcomesOfFact(decodeLedgerFact(message.string())),
    ),
  }
  if (config.isOn)
    for (const [name, reader] of Object.entries(readers)) health.register(`outcomes of ${name}`, reader.state)
  return {
    name: 'outcomes',
    async start() {
      if (config.isOn) for (const reader of Object.values(readers)) reader.start()
    },
    async stop() {
      await Promise.all(Object.values(readers).map((reader) => reader.stop()))
    },
  }
}

/** One for all processes: the server hands each message to one of them, once. */
async function openConsumer(
  nats: Nats,
  stream: StreamName,
  { headersOnly, filter }: { headersOnly: boolean; filter: readonly string[] },
): Promise<Consumer> {
  try {
    await nats.ask(() => nats.jsm.consumers.info(stream, CONSUMER))
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === CONSUMER_NOT_FOUND)) throw error
    await nats.jsm.consumers.add(stream, {
      durable_name: CONSUMER,
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.New,
      inactive_threshold: INACTIVE_NANOS,
      headers_only: headersOnly,
      ...(filter.length === 0 ? {} : { filter_subjects: [...filter] }),
    })
  }
  return nats.js.consumers.get(stream, CONSUMER)
}
