import { AckPolicy, JetStreamApiError, type JsMsg } from '@nats-io/jetstream'
import { headers as newHeaders } from '@nats-io/transport-node'
import { createGroupCommitAppender } from '#shared/runtime/group-commit-appender.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'

/** What a server, real or not, is asked, and what it answers, as plain values: both must say the same. */
export interface ContractCase {
  name: string
  run(nats: Nats, tools: ContractTools): Promise<unknown>
}

export interface ContractTools {
  pause(ms: number): Promise<void>
  nowMs(): number
}

const logger = createLogger('silent')

interface Ack {
  seq?: number
  duplicate?: boolean
  count?: number
  error?: { err_code: number }
}

/** Publishes with headers and gives back what of the answer jethook reads. */
async function publish(nats: Nats, subject: string, body: string, given: Record<string, string> = {}): Promise<Ack> {
  const answer = await nats.connection.request(subject, body, { timeout: 4_000, headers: headersOf(given) })
  const { seq, duplicate, count, error } = JSON.parse(answer.string()) as Ack
  return {
    ...(seq === undefined ? {} : { seq }),
    ...(duplicate ? { duplicate } : {}),
    ...(count === undefined ? {} : { count }),
    ...(error ? { error: { err_code: error.err_code } } : {}),
  }
}

function headersOf(given: Record<string, string>) {
  const made = newHeaders()
  for (const [name, value] of Object.entries(given)) made.set(name, value)
  return made
}

async function publishBatch(
  nats: Nats,
  id: string,
  messages: readonly (readonly [subject: string, headers: Record<string, string>])[],
  skipped = 0,
): Promise<Ack> {
  const last = messages.length - 1
  for (const [i, [subject, more]] of messages.entries()) {
    const place: Record<string, string> = { ...more, 'Nats-Batch-Id': id, 'Nats-Batch-Sequence': String(i + 1) }
    if (i + 1 === skipped) continue
    if (i === last) return publish(nats, subject, `b${i}`, { ...place, 'Nats-Batch-Commit': '1' })
    nats.connection.publish(subject, `b${i}`, { headers: headersOf(place) })
  }
  return {}
}

const stateOf = async (nats: Nats, stream: string) => {
  const { state } = await nats.jsm.streams.info(stream)
  return { first: state.first_seq, last: state.last_seq }
}

/** Reads a stream from `fromSeq` until nothing has come for a while. */
async function readAll(nats: Nats, stream: string, filter: string, fromSeq: number): Promise<JsMsg[]> {
  const consumer = await nats.js.consumers.get(stream, { filter_subjects: [filter], opt_start_seq: fromSeq })
  const found: JsMsg[] = []
  for (let left = (await consumer.info()).num_pending; left > 0; ) {
    const messages = await consumer.fetch({ max_messages: left, expires: 1_000 })
    for await (const message of messages) {
      found.push(message)
      left--
    }
  }
  await consumer.delete()
  return found
}

const schedule = (atMs: number, target: string) => ({
  'Nats-Schedule': `@at ${new Date(atMs).toISOString()}`,
  'Nats-Schedule-Target': target,
})

/** A durable consumer of a lane, as the deliverer makes it. */
async function durable(nats: Nats, name: string, filter: string, pendingMax = 100, ackWaitMs = 1_000) {
  await nats.jsm.consumers.add('LEDGER', {
    durable_name: name,
    filter_subject: filter,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ackWaitMs * 1_000_000,
    max_deliver: -1,
    max_ack_pending: pendingMax,
  })
  const position = async () => {
    const info = await nats.jsm.consumers.info('LEDGER', name)
    return {
      floor: info.ack_floor.stream_seq,
      delivered: info.delivered.stream_seq,
      pending: info.num_pending,
      outstanding: info.num_ack_pending,
    }
  }
  const handed: { message: JsMsg; seq: number; again: boolean }[] = []
  const consumer = await nats.js.consumers.get('LEDGER', name)
  const messages = await consumer.consume({
    max_messages: 50,
    callback: (message) => void handed.push({ message, seq: message.seq, again: message.redelivered }),
  })
  return { position, handed, stop: () => messages.stop() }
}

const seen = (handed: readonly { seq: number; again: boolean }[]) => handed.map(({ seq, again }) => [seq, again])

export const CONTRACT: readonly ContractCase[] = [
  {
    name: 'a batch of what is stored, from a sequence on; one that holds nothing is an error',
    async run(nats) {
      for (const subject of ['parked.1.s', 'parked.1.t', 'parked.1.s']) await publish(nats, subject, '1')
      const read = async (seq: number, batch: number) => {
        const seqs: number[] = []
        try {
          const where = { seq, batch, next_by_subj: 'parked.1.s' }
          for await (const message of await nats.jsm.direct.getBatch('WAITING', where)) seqs.push(message.seq)
        } catch (error) {
          return { code: (error as { code?: number }).code }
        }
        return seqs
      }
      return [await read(1, 10), await read(1, 1), await read(2, 10), await read(4, 10)]
    },
  },
  {
    name: 'sequences, ids that are known, the last message of a subject',
    async run(nats) {
      const answers = [
        await publish(nats, 'ledger.a', '1', { 'Nats-Msg-Id': 'x' }),
        await publish(nats, 'ledger.a', '2', { 'Nats-Msg-Id': 'x' }),
        await publish(nats, 'ledger.b', '3'),
        await publish(nats, 'ledger.a', '4', { 'Nats-Msg-Id': 'y' }),
      ]
      const last = await nats.jsm.streams.getMessage('LEDGER', { last_by_subj: 'ledger.a' })
      const ofAll = await nats.jsm.streams.getMessage('LEDGER', { last_by_subj: 'ledger.*' })
      const direct = await nats.jsm.direct.getMessage('LEDGER', { seq: 2 })
      const missing = await nats.jsm.streams.getMessage('LEDGER', { last_by_subj: 'ledger.none' })
      return {
        answers,
        last: [last?.seq, last?.string()],
        ofAll: [ofAll?.seq, ofAll?.time instanceof Date],
        direct: direct?.string(),
        missing,
        state: await stateOf(nats, 'LEDGER'),
      }
    },
  },
  {
    name: 'an append on condition of the last sequence of its subject',
    async run(nats) {
      const expected = (seq: number) => ({ 'Nats-Expected-Last-Subject-Sequence': String(seq) })
      return [
        await publish(nats, 'ledger.a', '1', expected(0)),
        await publish(nats, 'ledger.a', '2', expected(0)),
        await publish(nats, 'ledger.b', '3', expected(0)),
        await publish(nats, 'ledger.a', '4', expected(1)),
        await publish(nats, 'ledger.a', '5', { ...expected(0), 'Nats-Msg-Id': 'once' }),
        await stateOf(nats, 'LEDGER'),
      ]
    },
  },
  {
    name: 'atomic batches: all or none',
    async run(nats) {
      const expected = (seq: number) => ({ 'Nats-Expected-Last-Subject-Sequence': String(seq) })
      await publish(nats, 'ledger.m', '0', { 'Nats-Msg-Id': 'known' })
      return [
        await publishBatch(nats, 'one', [
          ['ledger.d', {}],
          ['ledger.d', { 'Nats-Msg-Id': 'new' }],
          ['ledger.m', expected(1)],
        ]),
        await publishBatch(nats, 'two', [
          ['ledger.d', {}],
          ['ledger.m', expected(1)],
        ]),
        await publishBatch(nats, 'three', [
          ['ledger.d', { 'Nats-Msg-Id': 'known' }],
          ['ledger.d', {}],
        ]),
        await publishBatch(nats, 'four', [
          ['ledger.d', { 'Nats-Msg-Id': 'twice' }],
          ['ledger.d', { 'Nats-Msg-Id': 'twice' }],
        ]),
        await publish(nats, 'ledger.d', 'x', { 'Nats-Msg-Id': 'new' }),
        await stateOf(nats, 'LEDGER'),
      ]
    },
  },
  {
    name: 'a batch with a hole is refused',
    async run(nats) {
      const answer = await publishBatch(
        nats,
        'hole',
        [
          ['ledger.d', {}],
          ['ledger.d', {}],
          ['ledger.d', {}],
        ],
        2,
      )
      return { isRefused: answer.error !== undefined, state: await stateOf(nats, 'LEDGER') }
    },
  },
  {
    name: 'a schedule fires once, after its time, under its target, and is gone then',
    async run(nats, { pause, nowMs }) {
      const atMs = nowMs() + 3_000
      const stored = await publish(nats, 'wait.0.s.d', 'due', { ...schedule(atMs, 'due.0'), 'Nats-Msg-Id': 'r' })
      const again = await publish(nats, 'wait.0.s.d', 'due', { ...schedule(atMs, 'due.0'), 'Nats-Msg-Id': 'r' })
      const before = await nats.jsm.streams.getMessage('WAITING', { last_by_subj: 'due.0' })
      await pause(6_000)
      const fired = await readAll(nats, 'WAITING', 'due.0', 1)
      const left = await nats.jsm.streams.getMessage('WAITING', { last_by_subj: 'wait.0.s.d' })
      return {
        stored,
        again,
        before,
        fired: fired.map((each) => each.string()),
        left,
        state: await stateOf(nats, 'WAITING'),
      }
    },
  },
  {
    name: 'a schedule takes the place of the one before under its subject; a purge calls it off',
    async run(nats, { pause, nowMs }) {
      const soon = () => schedule(nowMs() + 3_000, 'due.0')
      await publish(nats, 'wait.0.s.a', 'first', soon())
      await publish(nats, 'wait.0.s.a', 'second', soon())
      await publish(nats, 'wait.0.s.b', 'third', soon())
      const { purged } = await nats.jsm.streams.purge('WAITING', { filter: 'wait.0.s.b' })
      await pause(6_000)
      return { purged, fired: (await readAll(nats, 'WAITING', 'due.0', 1)).map((each) => each.string()) }
    },
  },
  {
    name: 'a schedule whose time has passed fires at once',
    async run(nats, { pause, nowMs }) {
      await publish(nats, 'wait.0.s.a', 'late', schedule(nowMs() - 5_000, 'due.0'))
      await pause(4_000)
      return (await readAll(nats, 'WAITING', 'due.0', 1)).map((each) => each.string())
    },
  },
  {
    name: 'a purge up to a sequence leaves that one',
    async run(nats) {
      for (const body of ['1', '2', '3', '4']) await publish(nats, body === '2' ? 'due.1' : 'due.0', body)
      const { purged } = await nats.jsm.streams.purge('WAITING', { filter: 'due.0', seq: 4 })
      const left = [...(await readAll(nats, 'WAITING', 'due.0', 1)), ...(await readAll(nats, 'WAITING', 'due.1', 1))]
      return { purged, left: left.map((each) => each.seq), state: await stateOf(nats, 'WAITING') }
    },
  },
  {
    name: 'CONTROL keeps the last five states of a thing',
    async run(nats) {
      for (let i = 1; i <= 7; i++) await publish(nats, 'control.lane.0', String(i))
      await publish(nats, 'control.lane.1', 'x')
      return {
        kept: (await readAll(nats, 'CONTROL', 'control.lane.0', 1)).map((each) => each.string()),
        state: await stateOf(nats, 'CONTROL'),
      }
    },
  },
  {
    name: 'a durable consumer: filter, floor, outstanding',
    async run(nats, { pause }) {
      for (let i = 0; i < 3; i++) {
        await publish(nats, 'ledger.delivery.0', `a${i}`)
        await publish(nats, 'ledger.delivery.1', `b${i}`)
      }
      const { position, handed, stop } = await durable(nats, 'lane-0', 'ledger.delivery.0', 100, 30_000)
      await pause(1_500)
      const positions = [await position()]
      for (const place of [1, 0, 2]) {
        handed[place]!.message.ack()
        await pause(500)
        positions.push(await position())
      }
      stop()
      return { handed: seen(handed), positions }
    },
  },
  {
    name: 'what is not acknowledged comes again; work in progress does not; a nak waits',
    async run(nats, { pause }) {
      for (let i = 0; i < 3; i++) await publish(nats, 'ledger.delivery.0', String(i))
      const { handed, stop, position } = await durable(nats, 'lane-0', 'ledger.delivery.0', 100, 4_000)
      await pause(1_000)
      handed[0]!.message.ack()
      handed[1]!.message.nak(9_000)
      for (let i = 0; i < 4; i++) {
        handed[2]!.message.working()
        await pause(1_500)
      }
      handed[2]!.message.ack()
      const early = seen(handed)
      await pause(5_000)
      const late = seen(handed)
      handed.at(-1)!.message.ack()
      await pause(1_000)
      stop()
      return { early, late, end: await position() }
    },
  },
  {
    name: 'no more is handed out than may be outstanding',
    async run(nats, { pause }) {
      for (let i = 0; i < 5; i++) await publish(nats, 'ledger.delivery.0', String(i))
      const { handed, stop } = await durable(nats, 'lane-0', 'ledger.delivery.0', 2, 30_000)
      await pause(1_500)
      const first = seen(handed)
      handed[0]!.message.ack()
      await pause(1_500)
      stop()
      return { first, afterwards: seen(handed) }
    },
  },
  {
    name: 'a consumer that is missing is told from other trouble',
    async run(nats) {
      const error = await nats.jsm.consumers.info('LEDGER', 'none').catch((thrown: unknown) => thrown)
      return [error instanceof JetStreamApiError, (error as { code?: number }).code]
    },
  },
  {
    name: "jethook's appender on top",
    async run(nats) {
      const appender = createGroupCommitAppender({ nats, stream: 'LEDGER', logger })
      const many = await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          appender.append({ subject: 'ledger.a', body: String(i), msgId: `m${i % 25}` }),
        ),
      )
      const group = await appender.appendGroup([
        { subject: 'ledger.d', body: '1' },
        { subject: 'ledger.m', body: '2', expectLastSubjectSeq: 0 },
      ])
      const conflict = await appender
        .appendGroup([{ subject: 'ledger.m', body: '3', expectLastSubjectSeq: 0 }])
        .catch((error: Error) => error.name)
      appender.close()
      return {
        duplicates: many.filter(({ isDuplicate }) => isDuplicate).length,
        seqs: [...new Set(many.map(({ seq }) => seq))].length,
        group,
        conflict,
        state: await stateOf(nats, 'LEDGER'),
      }
    },
  },
]
