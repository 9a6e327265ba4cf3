import { type ConsumerMessages, JetStreamApiError, type JsMsg } from '@nats-io/jetstream'
import { ConnectionBrokenError, type Nats } from '#shared/runtime/nats.ts'
import { createOwnAppendsOf } from '#shared/runtime/own-appends.ts'
import { PULL_EXPIRES_MS } from '#shared/runtime/stream-reader.ts'
import type { DurableConsumer, Handed, Taker } from './fake-consumer.ts'
import type { FakeJetStream } from './fake-jetstream.ts'
import type { FakeMessage, FakeStream } from './fake-stream.ts'
import type { SeededRandom } from './seeded-random.ts'
import { subjectMatches } from './subject-filter.ts'
import type { Owner } from './virtual-time.ts'

/** A connection of one simulated process, and what may be done to it. */
export interface FakeConnection {
  nats: Nats
  /** Everything under way is lost, or (half the time) only the answers are. It is there again after `downMs`. */
  cut(downMs: number): void
  /** For so long nothing comes back, though what is sent arrives. */
  loseAnswers(ms: number): void
  /** One way takes so long at the most. */
  latencyMaxMs: number
  close(): void
}

export interface FakeConnectionOptions {
  server: FakeJetStream
  /** The process whose connection it is. */
  owner: Owner
  random: SeededRandom
  /** Called before each thing that is sent, with its name: here a process may die. */
  onSend?: (what: string) => void
}

interface PublishOptions {
  headers?: { encode(): Uint8Array }
}

const API_TIMEOUT_MS = 5_000
const CONSUMER_NOT_FOUND = 10014
const EPHEMERAL_TAKE = 1_000

export function createFakeConnection({
  server,
  owner,
  random,
  onSend = () => {},
}: FakeConnectionOptions): FakeConnection {
  const { time } = server
  /** Counts connections: what belongs to an earlier one is lost. */
  let epoch = 0
  let isUp = true
  /** As far as the client has noticed. */
  let isThoughtUp = true
  let isMute = false
  let lastUpMs = 0
  let lastDownMs = 0
  let readsOnEpoch = -1
  const reconnectListeners = new Set<() => void>()
  const breakListeners = new Set<() => void>()
  const attached = new Set<() => void>()
  /** Whatever is appended counts as a flow: readers take it from memory as often as they can. */
  const own = createOwnAppendsOf(1)

  const wayMs = () => random.next() * connection.latencyMaxMs

  /** To the server, in order. */
  function send(what: string, act: () => void): void {
    onSend(what)
    if (!owner.isAlive || !isUp) return
    const sentIn = epoch
    lastUpMs = Math.max(lastUpMs, time.nowMs() + wayMs())
    time.after(
      lastUpMs - time.nowMs(),
      () => {
        if (sentIn === epoch || sentIn === readsOnEpoch) act()
      },
      server.owner,
    )
  }

  /** To the client, in order. */
  function answer(sentIn: number, act: () => void): void {
    if (isMute) return
    lastDownMs = Math.max(lastDownMs, time.nowMs() + wayMs())
    time.after(
      lastDownMs - time.nowMs(),
      () => {
        if (sentIn === epoch) act()
      },
      owner,
    )
  }

  /** A request that is answered, or not within its time. */
  function ask<T>(what: string, serve: (reply: (value: T | Error) => void) => void, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = time.after(timeoutMs, () => reject(new Error(`${what}: no answer in time`)), owner)
      const sentIn = epoch
      send(what, () =>
        serve((value) =>
          answer(sentIn, () => {
            cancel()
            if (value instanceof Error) reject(value)
            else resolve(value)
          }),
        ),
      )
    })
  }

  function api<T>(what: string, serve: () => T): Promise<T> {
    return ask<T>(
      what,
      (reply) => {
        try {
          reply(serve())
        } catch (error) {
          reply(error as Error)
        }
      },
      API_TIMEOUT_MS,
    )
  }

  // -- messages ------------------------------------------------------------------------------------------------------

  function jsMsg({ message, isRedelivered }: Handed, consumer: DurableConsumer | null): JsMsg {
    const settle = (what: string, act: (consumer: DurableConsumer) => void) => {
      if (consumer !== null) send(what, () => act(consumer))
    }
    return {
      ...message,
      data: message.body,
      redelivered: isRedelivered,
      string: () => Buffer.from(message.body).toString(),
      ack: () => settle('ack', (each) => each.ack(message.seq)),
      nak: (delayMs = 0) => settle('nak', (each) => each.nak(message.seq, delayMs)),
      working: () => settle('working', (each) => each.working(message.seq)),
    } as unknown as JsMsg
  }

  const stored = (message: FakeMessage | null) =>
    message === null ? null : { ...message, data: message.body, string: () => Buffer.from(message.body).toString() }

  interface Where {
    seq?: number
    last_by_subj?: string
    next_by_subj?: string
  }

  function getMessage(name: string, { seq, last_by_subj, next_by_subj }: Where) {
    return api('get message', () => {
      const stream = server.stream(name)
      if (next_by_subj !== undefined) return stored(nextOf(stream, seq ?? 1, next_by_subj))
      return stored(seq === undefined ? stream.lastOf(last_by_subj!) : stream.get(seq))
    })
  }

  function nextOf(stream: FakeStream, fromSeq: number, filter: string): FakeMessage | null {
    for (let seq = fromSeq; seq <= stream.lastSeq(); seq++) {
      const message = stream.get(seq)
      if (message !== null && subjectMatches(filter, message.subject)) return message
    }
    return null
  }

  async function getBatch(name: string, where: { seq: number; batch: number; next_by_subj: string }) {
    const found = await api('get batch', () => {
      const messages: FakeMessage[] = []
      let next = nextOf(server.stream(name), where.seq, where.next_by_subj)
      while (next !== null && messages.length < where.batch) {
        messages.push(next)
        next = nextOf(server.stream(name), next.seq + 1, where.next_by_subj)
      }
      return messages
    })
    return (async function* () {
      // To the client it is an error that there is nothing.
      if (found.length === 0) throw Object.assign(new Error('message not found'), { code: 404 })
      for (const message of found) yield stored(message)
    })()
  }

  /** How many messages each of the subjects has that the filter matches. */
  function subjectsOf(stream: FakeStream, filter: string): Record<string, number> {
    const counts: Record<string, number> = {}
    for (let next = nextOf(stream, 1, filter); next !== null; next = nextOf(stream, next.seq + 1, filter))
      counts[next.subject] = (counts[next.subject] ?? 0) + 1
    return counts
  }

  // -- consumers -----------------------------------------------------------------------------------------------------

  function durable(stream: string, name: string): DurableConsumer {
    const consumer = server.consumer(stream, name)
    if (consumer === null)
      throw new JetStreamApiError({ code: 404, err_code: CONSUMER_NOT_FOUND, description: 'consumer not found' })
    return consumer
  }

  function consumerInfo(consumer: DurableConsumer) {
    const { ackFloorSeq, deliveredSeq, pendingCount, ackPendingCount } = consumer.info()
    return {
      config: { max_ack_pending: consumer.options.ackPendingMax, ack_wait: consumer.options.ackWaitMs * 1_000_000 },
      ack_floor: { stream_seq: ackFloorSeq },
      delivered: { stream_seq: deliveredSeq },
      num_pending: pendingCount,
      num_ack_pending: ackPendingCount,
    }
  }

  interface ConsumeOptions {
    max_messages: number
    callback?: (message: JsMsg) => void
  }

  function consumeDurable(consumer: DurableConsumer, { max_messages, callback }: ConsumeOptions): ConsumerMessages {
    const sentIn = epoch
    const messages = createMessages(callback)
    let onTheWay = 0
    let isAsking = false
    const ask = () => {
      isAsking = false
      send('pull', () => consumer.pump())
    }
    const taker: Taker = {
      room() {
        if (sentIn !== epoch || messages.isStopped() || !owner.isAlive) return 0
        if (!hasExpired()) return max_messages - onTheWay
        // It asks again as soon as it runs again.
        if (!isAsking) time.after(0, ask, owner)
        isAsking = true
        return 0
      },
      take(handed) {
        onTheWay++
        answer(sentIn, () => {
          onTheWay--
          messages.push(jsMsg(handed, consumer))
          // The pull of the next ones.
          send('pull', () => consumer.pump())
        })
      },
    }
    send('consume', () => attach(messages, consumer.attach(taker)))
    return messages.handle
  }

  /** A client that is paused does not ask again: its last request for messages ends after a while. */
  function hasExpired(): boolean {
    const { pausedUntilMs = 0, pausedSinceMs = 0 } = owner
    return pausedUntilMs > time.nowMs() && time.nowMs() - pausedSinceMs >= PULL_EXPIRES_MS
  }

  function attach(messages: ReturnType<typeof createMessages>, detach: () => void): void {
    attached.add(detach)
    messages.onStop(() => {
      attached.delete(detach)
      detach()
    })
  }

  /** Reads in order from a sequence; the client keeps the place. */
  function consumeOrdered(
    stream: FakeStream,
    filters: readonly string[],
    fromSeq: number,
    { max_messages, callback }: ConsumeOptions,
  ): ConsumerMessages {
    const sentIn = epoch
    const messages = createMessages(callback)
    let nextSeq = fromSeq
    let onTheWay = 0
    const pump = () => {
      for (; nextSeq <= stream.lastSeq() && onTheWay < max_messages; nextSeq++) {
        const message = stream.get(nextSeq)
        if (message === null || !filters.some((filter) => subjectMatches(filter, message.subject))) continue
        onTheWay++
        answer(sentIn, () => {
          onTheWay--
          messages.push(jsMsg({ message, isRedelivered: false }, null))
          send('pull', pump)
        })
      }
    }
    send('consume', () => attach(messages, stream.follow(pump)))
    return messages.handle
  }

  function createMessages(callback?: (message: JsMsg) => void) {
    const queue: JsMsg[] = []
    const { promise: closed, resolve: close } = Promise.withResolvers<void>()
    let isStopped = false
    let wake: (() => void) | null = null
    const stopListeners: (() => void)[] = []
    async function* iterate(): AsyncGenerator<JsMsg> {
      while (true) {
        while (queue.length > 0) yield queue.shift()!
        if (isStopped) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
    const wakeUp = () => {
      wake?.()
      wake = null
    }
    const handle = {
      [Symbol.asyncIterator]: iterate,
      getPending: () => queue.length,
      closed: () => closed,
      // Its heartbeats are never missed: a silent connection is cut.
      async *status() {},
      stop() {
        isStopped = true
        for (const listener of stopListeners.splice(0)) listener()
        wakeUp()
        close()
      },
    } as unknown as ConsumerMessages
    return {
      handle,
      isStopped: () => isStopped,
      onStop: (listener: () => void) => (isStopped ? listener() : void stopListeners.push(listener)),
      push(message: JsMsg) {
        if (isStopped) return
        if (callback) callback(message)
        else {
          queue.push(message)
          wakeUp()
        }
      },
    }
  }

  interface OrderedOptions {
    opt_start_seq?: number
    filter_subjects?: string[]
  }

  async function getConsumer(streamName: string, which: string | OrderedOptions = {}) {
    if (typeof which === 'string') {
      const consumer = await api('get consumer', () => durable(streamName, which))
      return { consume: async (options: ConsumeOptions) => consumeDurable(consumer, options) }
    }
    const filters = which.filter_subjects ?? ['>']
    const fromSeq = which.opt_start_seq ?? 1
    const stream = await api('get consumer', () => server.stream(streamName))
    let nextSeq = fromSeq
    const matching = (max: number) => {
      const found: FakeMessage[] = []
      for (; nextSeq <= stream.lastSeq() && found.length < max; nextSeq++) {
        const message = stream.get(nextSeq)
        if (message !== null && filters.some((filter) => subjectMatches(filter, message.subject))) found.push(message)
      }
      return found
    }
    return {
      consume: async (options: ConsumeOptions) => consumeOrdered(stream, filters, fromSeq, options),
      info: () =>
        api('consumer info', () => {
          const before = nextSeq
          const num_pending = matching(Number.POSITIVE_INFINITY).length
          nextSeq = before
          return { num_pending }
        }),
      async *fetchAll(max: number) {
        for (const message of await api('fetch', () => matching(max)))
          yield jsMsg({ message, isRedelivered: false }, null)
      },
      async fetch({ max_messages }: { max_messages: number }) {
        return this.fetchAll(Math.min(max_messages, EPHEMERAL_TAKE))
      },
      delete: async () => true,
    }
  }

  // -- the whole -----------------------------------------------------------------------------------------------------

  function publish(
    subject: string,
    body: Uint8Array | string,
    { headers }: PublishOptions = {},
    reply: (json: string) => void = () => {},
  ): void {
    const request = { subject, body: Buffer.from(body as string), headers: parseHeaders(headers?.encode()) }
    send('publish', () => server.publish(request, reply))
  }

  const nats = {
    connection: {
      info: { max_payload: 1_048_576 },
      publish,
      flush: () => ask<void>('flush', (reply) => reply(undefined), API_TIMEOUT_MS),
      async request(subject: string, body: Uint8Array | string, options: PublishOptions & { timeout: number }) {
        const sentIn = epoch
        return new Promise((resolve, reject) => {
          const cancel = time.after(options.timeout, () => reject(new Error('timeout')), owner)
          publish(subject, body, options, (json) =>
            answer(sentIn, () => {
              cancel()
              resolve({ string: () => json })
            }),
          )
        })
      },
    },
    js: { consumers: { get: getConsumer } },
    jsm: {
      streams: {
        getMessage,
        info: (name: string, asked: { subjects_filter?: string } = {}) =>
          api('stream info', () => {
            const stream = server.stream(name)
            const filter = asked.subjects_filter
            const subjects = filter === undefined ? {} : { subjects: subjectsOf(stream, filter) }
            return {
              created: stream.createdAt,
              state: { first_seq: stream.firstSeq(), last_seq: stream.lastSeq(), ...subjects },
            }
          }),
        purge: (name: string, { filter, seq }: { filter: string; seq?: number }) =>
          api('purge', () => ({ purged: server.stream(name).purge(filter, seq ?? Number.POSITIVE_INFINITY) })),
      },
      direct: { getMessage, getBatch },
      consumers: {
        info: (stream: string, name: string) => api('consumer info', () => consumerInfo(durable(stream, name))),
        reset: (stream: string, name: string, seq?: number) =>
          api('consumer reset', () => {
            const consumer = durable(stream, name)
            const reset_seq = consumer.reset(seq)
            return { ...consumerInfo(consumer), reset_seq }
          }),
        update: (stream: string, name: string) => api('consumer update', () => consumerInfo(durable(stream, name))),
        add: (
          stream: string,
          config: {
            durable_name: string
            filter_subject: string
            ack_wait: number
            max_ack_pending: number
            opt_start_seq?: number
          },
        ) =>
          api('consumer add', () => {
            const known = server.consumer(stream, config.durable_name)
            return consumerInfo(
              known ??
                server.addConsumer(stream, {
                  name: config.durable_name,
                  filterSubject: config.filter_subject,
                  fromSeq: config.opt_start_seq ?? 1,
                  ackWaitMs: config.ack_wait / 1_000_000,
                  ackPendingMax: config.max_ack_pending,
                }),
            )
          }),
      },
    },
    isUp: () => isThoughtUp,
    onReconnect(listener: () => void) {
      reconnectListeners.add(listener)
      return () => void reconnectListeners.delete(listener)
    },
    ask: <T>(question: () => Promise<T>): Promise<T> => nats.unlessLost(question()),
    turnElsewhere() {},
    ownAppends: own.of,
    async unlessLost<T>(value: Promise<T>): Promise<T> {
      const { promise: broken, reject } = Promise.withResolvers<never>()
      const tell = () => reject(new ConnectionBrokenError('the connection to NATS broke'))
      breakListeners.add(tell)
      try {
        return await Promise.race([value, broken])
      } finally {
        breakListeners.delete(tell)
        value.catch(() => {})
      }
    },
  } as unknown as Nats

  const connection: FakeConnection = {
    nats,
    latencyMaxMs: 1,
    cut(downMs) {
      if (!isUp) return
      readsOnEpoch = random.chance(0.5) ? epoch : -1
      epoch++
      isUp = false
      isMute = false
      for (const detach of [...attached]) detach()
      attached.clear()
      // The client learns of it a little later.
      const noticedMs = wayMs()
      time.after(noticedMs, () => tellAll('disconnect'), owner)
      time.after(Math.max(downMs, noticedMs), comeBack, owner)
    },
    loseAnswers(ms) {
      isMute = true
      time.after(ms, () => connection.cut(50), owner)
    },
    close() {
      epoch++
      readsOnEpoch = random.chance(0.5) ? epoch - 1 : -1
      isUp = false
      for (const detach of [...attached]) detach()
    },
  }

  function comeBack(): void {
    isUp = true
    isMute = false
    tellAll('reconnect')
  }

  function tellAll(type: 'disconnect' | 'reconnect'): void {
    own.clear()
    isThoughtUp = type === 'reconnect'
    if (type === 'disconnect') for (const tell of [...breakListeners]) tell()
    if (type === 'reconnect') for (const listener of [...reconnectListeners]) listener()
  }

  return connection
}

function parseHeaders(encoded: Uint8Array | undefined): Record<string, string> {
  const headers: Record<string, string> = {}
  if (encoded === undefined) return headers
  for (const line of Buffer.from(encoded).toString('latin1').split('\r\n').slice(1)) {
    const colon = line.indexOf(': ')
    if (colon > 0) headers[line.slice(0, colon)] = line.slice(colon + 2)
  }
  return headers
}
