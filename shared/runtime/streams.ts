import { setTimeout as delay } from 'node:timers/promises'
import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StoredMsg,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream'
import type { Settings } from './config.ts'
import type { Nats } from './nats.ts'

export const STREAM_NAMES = {
  inbox: 'INBOX',
  events: 'EVENTS',
  ledger: 'LEDGER',
  waiting: 'WAITING',
  control: 'CONTROL',
  audit: 'AUDIT',
} as const
export type StreamName = (typeof STREAM_NAMES)[keyof typeof STREAM_NAMES]

const NANOS_PER_MS = 1_000_000
const NANOS_PER_DAY = 24 * 60 * 60 * 1000 * NANOS_PER_MS
const CONTROL_STATES_KEPT = 5
/** As much as the body of a post may have. */
export const INBOX_MESSAGE_MAX_BYTES = 2_097_152
/** What AUDIT copies from CONTROL, where only the last few states stay. */
export const AUDITED_KINDS = [
  'organization',
  'membership',
  'service_token',
  'application',
  'application_secret',
  'event_type',
  'subscription',
  'job',
  'secret_reveal',
  'cancellation',
  'action',
]
const STREAM_NOT_FOUND = 10059
/** No suitable peers for placement; insufficient resources; more replicas than one without a cluster. */
const TOO_FEW_SERVERS = new Set([10005, 10023, 10074])

type StreamSettings = Pick<
  Settings,
  | 'EVENTS_MAX_AGE_DAYS'
  | 'LEDGER_MAX_AGE_DAYS'
  | 'DUPLICATE_WINDOW_MS'
  | 'STREAM_REPLICAS'
  | 'INBOX_MAX_MESSAGES'
  | 'INBOX_MAX_MESSAGES_PER_SUBJECT'
>

/** Every stream and its settings: the only place that says them. Why each is as it is: docs/streams.md. */
export function streamConfigs(settings: StreamSettings): Partial<StreamConfig>[] {
  const common = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    num_replicas: settings.STREAM_REPLICAS,
    duplicate_window: settings.DUPLICATE_WINDOW_MS * NANOS_PER_MS,
  }
  const record = {
    ...common,
    deny_delete: true,
    deny_purge: true,
    allow_direct: true,
    allow_atomic: true,
    allow_rollup_hdrs: false,
  }
  return [
    {
      ...common,
      name: STREAM_NAMES.inbox,
      subjects: ['in.>'],
      // What was acknowledged is never dropped for what comes after it: a full INBOX refuses.
      discard: DiscardPolicy.New,
      discard_new_per_subject: true,
      max_age: 0,
      max_msgs: settings.INBOX_MAX_MESSAGES,
      max_msgs_per_subject: settings.INBOX_MAX_MESSAGES_PER_SUBJECT,
      max_msg_size: INBOX_MESSAGE_MAX_BYTES,
      duplicate_window: 100 * NANOS_PER_MS,
      allow_rollup_hdrs: false,
      allow_msg_ttl: false,
      allow_msg_schedules: false,
      allow_msg_counter: false,
      allow_atomic: false,
    },
    {
      ...record,
      name: STREAM_NAMES.events,
      subjects: ['event.>'],
      max_age: settings.EVENTS_MAX_AGE_DAYS * NANOS_PER_DAY,
    },
    {
      ...record,
      name: STREAM_NAMES.ledger,
      subjects: ['ledger.>'],
      max_age: settings.LEDGER_MAX_AGE_DAYS * NANOS_PER_DAY,
    },
    {
      ...common,
      name: STREAM_NAMES.waiting,
      subjects: ['wait.>', 'due.*', 'parked.>'],
      allow_msg_schedules: true,
      allow_direct: true,
      allow_atomic: true,
    },
    { ...record, name: STREAM_NAMES.control, subjects: ['control.>'], max_msgs_per_subject: CONTROL_STATES_KEPT },
    {
      ...common,
      name: STREAM_NAMES.audit,
      subjects: [],
      deny_delete: true,
      deny_purge: true,
      allow_direct: true,
      allow_rollup_hdrs: false,
      sources: AUDITED_KINDS.map((kind) => ({ name: STREAM_NAMES.control, filter_subject: `control.${kind}.>` })),
    },
  ]
}

/** A stream that exists with settings under which data could be lost. */
export class StreamSettingsError extends Error {
  override name = 'StreamSettingsError'
}

const NEVER_CHANGED = ['retention', 'storage', 'deny_delete', 'deny_purge', 'discard'] as const

/** What stands between an existing stream and the wanted settings, or null when it may be brought to them. */
export function dangerousDifference(wanted: Partial<StreamConfig>, actual: StreamConfig): string | null {
  for (const key of NEVER_CHANGED) {
    const [is, should] = [actual[key] ?? false, wanted[key] ?? false]
    // Refusing what is new loses nothing that was acknowledged.
    if (key === 'discard' && should === DiscardPolicy.New) continue
    // WAITING's schedules switch deny_purge off by themselves, so an unset flag is no difference.
    if (is !== should) return `${key} is ${JSON.stringify(is)}, jethook needs ${JSON.stringify(should)}`
  }
  const missing = (actual.subjects ?? []).filter((subject) => !(wanted.subjects ?? []).includes(subject))
  return missing.length > 0 ? `it holds the subjects ${missing.join(', ')}, which jethook doesn't know` : null
}

function isAsWanted(wanted: Partial<StreamConfig>, actual: StreamConfig): boolean {
  return Object.entries(wanted).every(([key, value]) => {
    // The server writes defaults into a source; which ones there are never changes.
    if (key === 'sources') return (actual.sources ?? []).length === (value as unknown[]).length
    const is = actual[key as keyof StreamConfig] ?? (typeof value === 'boolean' ? false : undefined)
    return JSON.stringify(is) === JSON.stringify(value)
  })
}

/** Copies are added, never taken away: another process, or a command of an operator, may not know of the setting. */
function withCopiesKept(wanted: Partial<StreamConfig>, actual: StreamConfig): Partial<StreamConfig> {
  return { ...wanted, num_replicas: Math.max(wanted.num_replicas ?? 1, actual.num_replicas) }
}

/**
 * Brings all streams to their settings; doing it again changes nothing. The consumers of a stream follow its copies.
 * @throws {StreamSettingsError} when a stream exists with settings that could lose data (it is left as it is), or when
 * there aren't as many servers as `STREAM_REPLICAS` asks for.
 */
export async function applyStreams(jsm: JetStreamManager, settings: StreamSettings): Promise<void> {
  for (const config of streamConfigs(settings)) {
    const name = config.name as StreamName
    const info = await streamInfo(jsm, name)
    if (info === null) {
      await onEnoughServers(settings, jsm.streams.add({ ...config, name }))
      continue
    }
    const danger = dangerousDifference(config, info.config)
    if (danger !== null) throw new StreamSettingsError(`The stream ${name} can't be used: ${danger}.`)
    const wanted = withCopiesKept(config, info.config)
    if (!isAsWanted(wanted, info.config)) await onEnoughServers(settings, jsm.streams.update(name, wanted))
  }
}

/**
 * For a process that may not change streams: looks whether they are there, and no danger to what they hold.
 * @throws {StreamSettingsError}
 */
export async function checkStreams(jsm: JetStreamManager, settings: StreamSettings): Promise<void> {
  for (const config of streamConfigs(settings)) {
    const info = await streamInfo(jsm, config.name as StreamName)
    const danger = info === null ? 'it is not there yet; start jethook once where the key admin.nk is' : null
    const difference = danger ?? dangerousDifference(config, info!.config)
    if (difference !== null) throw new StreamSettingsError(`The stream ${config.name} can't be used: ${difference}.`)
  }
}

async function onEnoughServers<T>({ STREAM_REPLICAS: copies }: StreamSettings, applied: Promise<T>): Promise<T> {
  try {
    return await applied
  } catch (error) {
    if (!(error instanceof JetStreamApiError && TOO_FEW_SERVERS.has(error.code))) throw error
    throw new StreamSettingsError(
      `NATS can't keep ${copies} copies of each stream (STREAM_REPLICAS): ${error.message}.`,
      {
        cause: error,
      },
    )
  }
}

async function streamInfo(jsm: JetStreamManager, name: string): Promise<StreamInfo | null> {
  try {
    return await jsm.streams.info(name)
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return null
    throw error
  }
}

/** Which stream it is and what it holds: a stream that was made anew has another `createdAt`. */
export interface StreamState {
  createdAt: string
  firstSeq: number
  lastSeq: number
}

/**
 * Asked of the server; of a cluster, of the stream's leader, which knows of all that was acknowledged.
 * @throws {ConnectionBrokenError} at once when the connection breaks.
 */
export async function readStreamState(nats: Nats, name: StreamName): Promise<StreamState> {
  const info = await nats.ask(() => nats.jsm.streams.info(name))
  return { createdAt: String(info.created), firstSeq: info.state.first_seq, lastSeq: info.state.last_seq }
}

/** In a cluster a server that was cut off may answer for a while as if it still led the stream. */
const STALE_ANSWERS_MS = 30_000
const ASK_AGAIN_MS = 1_000

/**
 * The state of a stream of which `seq` is known to have been there. An end before that is believed at once where there is one
 * copy, and with several only when it is still said after 30 s.
 */
export async function readStreamStateThrough(nats: Nats, name: StreamName, seq: number): Promise<StreamState> {
  const untilMs = performance.now() + STALE_ANSWERS_MS
  while (true) {
    const info = await nats.ask(() => nats.jsm.streams.info(name))
    const isBelieved = info.state.last_seq >= seq || (info.config?.num_replicas ?? 1) <= 1
    if (isBelieved || performance.now() > untilMs)
      return { createdAt: String(info.created), firstSeq: info.state.first_seq, lastSeq: info.state.last_seq }
    await delay(ASK_AGAIN_MS)
  }
}

/**
 * The message at a sequence, or null when the stream no longer holds it. Any copy may answer; one that lags behind
 * doesn't have the latest messages yet, so only the leader is believed that there is none.
 */
export async function readStored(nats: Nats, name: StreamName, seq: number): Promise<StoredMsg | null> {
  const stored = await nats.ask(() => nats.jsm.direct.getMessage(name, { seq }))
  return stored ?? nats.ask(() => nats.jsm.streams.getMessage(name, { seq }))
}

/**
 * The last message of a subject, or null when there is none. Asked of the leader: a copy that lags behind would answer
 * with an older one.
 */
export function readLastOf(nats: Nats, name: StreamName, subject: string): Promise<StoredMsg | null> {
  return nats.ask(() => nats.jsm.streams.getMessage(name, { last_by_subj: subject }))
}
