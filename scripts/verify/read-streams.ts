import { createHash } from 'node:crypto'
import { DeliverPolicy, type JsMsg } from '@nats-io/jetstream'
import { type ControlFact, decodeControlFact } from '#shared/facts/control.ts'
import { decodeEvent } from '#shared/facts/event.ts'
import { decodeLedgerFact } from '#shared/facts/ledger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { readStreamState, STREAM_NAMES, type StreamName } from '#shared/runtime/streams.ts'
import type { Placed, VerifyInput } from './verify-ledger.ts'

const FETCH_MESSAGES = 2_000
const FETCH_EXPIRES_MS = 5_000

/** Everything that a stream holds now, in order. */
export async function* messagesOf(nats: Nats, stream: StreamName): AsyncGenerator<JsMsg> {
  const { firstSeq, lastSeq } = await readStreamState(nats, stream)
  if (lastSeq < firstSeq || lastSeq === 0) return
  const consumer = await nats.js.consumers.get(stream, { deliver_policy: DeliverPolicy.All })
  while (true) {
    const batch = await consumer.fetch({ max_messages: FETCH_MESSAGES, expires: FETCH_EXPIRES_MS })
    let count = 0
    for await (const message of batch) {
      count++
      yield message
      if (message.seq >= lastSeq) return
    }
    // A stream whose last message has aged out ends before its last sequence.
    if (count === 0) return
  }
}

async function* placed<T>(messages: AsyncIterable<JsMsg>, decode: (message: JsMsg) => T): AsyncGenerator<Placed<T>> {
  for await (const message of messages) yield { seq: message.seq, value: decode(message) }
}

/** CONTROL keeps the last few states; what AUDIT has copied before stands in its old place again. */
async function* controlHistory(nats: Nats): AsyncGenerator<Placed<ControlFact>> {
  const facts = new Map<number, ControlFact>()
  for await (const message of messagesOf(nats, STREAM_NAMES.audit)) {
    const seq = Number(message.headers?.get('Nats-Stream-Source').split(' ')[1])
    facts.set(seq, decodeControlFact(message.string()))
  }
  for await (const message of messagesOf(nats, STREAM_NAMES.control))
    facts.set(message.seq, decodeControlFact(message.string()))
  for (const seq of [...facts.keys()].sort((a, b) => a - b)) yield { seq, value: facts.get(seq)! }
}

/** What the verifier reads of a running system. */
export function streamsOf(nats: Nats): Pick<VerifyInput, 'control' | 'events' | 'ledger' | 'digest' | 'firstSeqs'> {
  const firstSeqOf = async (stream: StreamName) => Math.max(1, (await readStreamState(nats, stream)).firstSeq)
  return {
    firstSeqs: async () => ({
      events: await firstSeqOf(STREAM_NAMES.events),
      ledger: await firstSeqOf(STREAM_NAMES.ledger),
    }),
    control: controlHistory(nats),
    events: placed(messagesOf(nats, STREAM_NAMES.events), (message) => decodeEvent(message.data)),
    ledger: placed(messagesOf(nats, STREAM_NAMES.ledger), (message) => decodeLedgerFact(message.string())),
    digest: (payload) => createHash('sha256').update(payload).digest('hex'),
  }
}
