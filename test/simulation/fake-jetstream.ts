import { loadSettings } from '#shared/runtime/config.ts'
import { type StreamName, streamConfigs } from '#shared/runtime/streams.ts'
import { createConsumer, type DurableConsumer, type DurableOptions } from './fake-consumer.ts'
import { createStream, type FakeStream, type PublishRequest } from './fake-stream.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Trace } from './trace.ts'
import type { Owner, VirtualTime } from './virtual-time.ts'

/** What the server does wrong, and how slow it is; each may be changed at any time. */
export interface ServerFaults {
  /** Between a message's arrival and its answer, at the most. */
  fsyncMaxMs: number
  isDiskFull: boolean
  /** In [0, 1]: a fired schedule fires once more. */
  doubleFiring: number
  /** In [0, 1]: a schedule gets lost. */
  missingFiring: number
  /** A schedule fires so much after its time at the most. */
  lateFiringMaxMs: number
  /** In [0, 1]: a message that is in work is handed out again. */
  spuriousRedelivery: number
}

export const NO_SERVER_FAULTS: ServerFaults = {
  fsyncMaxMs: 3,
  isDiskFull: false,
  doubleFiring: 0,
  missingFiring: 0,
  lateFiringMaxMs: 250,
  spuriousRedelivery: 0,
}

export interface FakeJetStream {
  readonly owner: Owner
  readonly time: VirtualTime
  readonly faults: ServerFaults
  stream(name: string): FakeStream
  /** The stream that takes `subject`. */
  streamOf(subject: string): FakeStream | null
  /** Answers when the message is on disk, or why it is not. */
  publish(request: PublishRequest, answer: (json: string) => void): void
  consumer(stream: string, name: string): DurableConsumer | null
  addConsumer(stream: string, options: DurableOptions): DurableConsumer
  /** `kill -9` and a start: what is on disk stays, what was under way is gone. @param losesConsumers Their files too. */
  crash(losesConsumers: boolean): void
}

const CODE_STORE_FULL = 10047

/** JetStream in memory, one node, as far as jethook uses it: `fakes.test.ts` holds it against the real one. */
export function createFakeJetStream(
  time: VirtualTime,
  random: SeededRandom,
  clockMs: () => number,
  trace: Trace = () => {},
): FakeJetStream {
  const owner: Owner = { name: 'nats-server', isAlive: true }
  const faults = { ...NO_SERVER_FAULTS }
  const streams = new Map<string, FakeStream>()
  const consumers = new Map<string, DurableConsumer>()
  /** Messages of batches that are not committed, by batch id. */
  const staged = new Map<string, PublishRequest[]>()
  /** Counts starts: what an earlier life had under way is not written any more. */
  let life = 0

  for (const config of streamConfigs(loadSettings({}))) {
    const name = config.name as StreamName
    streams.set(
      name,
      createStream({
        name,
        config,
        time,
        owner,
        clockMs,
        trace,
        onStored: () => {
          for (const consumer of consumers.values()) if (consumer.stream.name === name) consumer.pump()
        },
        firing: {
          delayMs: () => random.next() * faults.lateFiringMaxMs,
          isLost: () => random.chance(faults.missingFiring),
          isDouble: () => random.chance(faults.doubleFiring),
        },
      }),
    )
  }

  function streamOf(subject: string): FakeStream | null {
    for (const stream of streams.values()) if (stream.takes(subject)) return stream
    return null
  }

  function publish(request: PublishRequest, answer: (json: string) => void): void {
    const stream = streamOf(request.subject)
    if (stream === null) return
    const messages = collect(request)
    if (messages === 'staged') return
    const [at, lifeThen] = [stream.nextWriteMs(random.next() * faults.fsyncMaxMs), life]
    time.after(
      at - time.nowMs(),
      () => {
        if (life !== lifeThen) return
        if (messages === 'incomplete') answer(errorAnswer(10176, 'batch publish is incomplete and was abandoned'))
        else if (faults.isDiskFull) answer(errorAnswer(CODE_STORE_FULL, 'insufficient storage resources available'))
        else answer(JSON.stringify(stream.write(messages)))
      },
      owner,
    )
  }

  /** A plain message is a batch of one. */
  function collect(request: PublishRequest): PublishRequest[] | 'staged' | 'incomplete' {
    const batchId = request.headers['Nats-Batch-Id']
    if (batchId === undefined) return [request]
    const sequence = Number(request.headers['Nats-Batch-Sequence'])
    const before = staged.get(batchId) ?? []
    const isComplete = before.length === sequence - 1
    if (isComplete) staged.set(batchId, [...before, request])
    if (request.headers['Nats-Batch-Commit'] === undefined) return 'staged'
    staged.delete(batchId)
    return isComplete ? [...before, request] : 'incomplete'
  }

  return {
    owner,
    time,
    faults,
    stream: (name) => streams.get(name)!,
    streamOf,
    publish,
    consumer: (stream, name) => consumers.get(`${stream}/${name}`) ?? null,
    addConsumer(stream, options) {
      const consumer = createConsumer({
        stream: streams.get(stream)!,
        options,
        time,
        owner,
        trace,
        isHandedOutAgain: () => random.chance(faults.spuriousRedelivery),
      })
      consumers.set(`${stream}/${options.name}`, consumer)
      return consumer
    },
    crash(losesConsumers) {
      life++
      trace('server', losesConsumers ? 'crash, consumers lost' : 'crash')
      staged.clear()
      for (const [key, consumer] of consumers) {
        if (losesConsumers) consumers.delete(key)
        consumer.crash()
      }
      for (const stream of streams.values()) stream.restart()
    },
  }
}

function errorAnswer(errCode: number, description: string): string {
  return JSON.stringify({ error: { code: 503, err_code: errCode, description } })
}
