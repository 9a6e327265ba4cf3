import type { Health } from './health.ts'
import type { Metrics, Sample } from './metrics.ts'
import type { Nats } from './nats.ts'
import { STREAM_NAMES, type StreamName } from './streams.ts'
import { JETHOOK_VERSION } from './version.ts'

interface StreamFigures {
  stream: StreamName
  messages: number
  bytes: number
  lastSeq: number
}

/** One look at the streams serves all their figures of a scrape. */
const LOOK_KEPT_MS = 1_000

/** What every process can tell: of itself, of its parts, and of the streams as its server sees them. */
export function registerRuntimeFigures(metrics: Metrics, { nats, health }: { nats: Nats; health: Health }): void {
  metrics.gauge({ name: 'jethook_build_info', help: 'Always 1; its label is the version', labels: ['version'] }, () => [
    { labels: { version: JETHOOK_VERSION }, value: 1 },
  ])
  metrics.gauge({ name: 'jethook_nats_connected', help: '1 while the connection to NATS stands, else 0' }, () =>
    Number(nats.isUp()),
  )
  metrics.gauge(
    { name: 'jethook_part_well', help: '1 while a part of the process is well, else 0', labels: ['part'] },
    () => Object.entries(health.parts()).map(([part, { isWell }]) => ({ labels: { part }, value: Number(isWell) })),
  )
  const look = sharedFor(LOOK_KEPT_MS, () => readStreams(nats))
  const ofEach = (value: (figures: StreamFigures) => number) => async (): Promise<Sample<'stream'>[]> =>
    (await look()).map((figures) => ({ labels: { stream: figures.stream }, value: value(figures) }))
  const labels = ['stream'] as const
  metrics.gauge(
    { name: 'jethook_stream_messages', help: 'Messages that a stream holds', labels },
    ofEach(({ messages }) => messages),
  )
  metrics.gauge(
    { name: 'jethook_stream_bytes', help: 'Bytes that a stream takes on disk', labels },
    ofEach(({ bytes }) => bytes),
  )
  metrics.gauge(
    { name: 'jethook_stream_last_sequence', help: 'Sequence of the last message of a stream', labels },
    ofEach(({ lastSeq }) => lastSeq),
  )
}

async function readStreams(nats: Nats): Promise<StreamFigures[]> {
  if (!nats.isUp()) return []
  return Promise.all(
    Object.values(STREAM_NAMES).map(async (stream) => {
      const { state } = await nats.ask(() => nats.jsm.streams.info(stream))
      return { stream, messages: state.messages, bytes: state.bytes, lastSeq: state.last_seq }
    }),
  )
}

/** `ask`, whose answer is given to everybody who asks within `keptMs` after the first. A failure is not kept. */
export function sharedFor<T>(keptMs: number, ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null
  let untilMs = 0
  return () => {
    if (answer !== null && performance.now() < untilMs) return answer
    const asked = ask()
    answer = asked
    untilMs = performance.now() + keptMs
    asked.catch(() => {
      if (answer === asked) answer = null
    })
    return asked
  }
}
