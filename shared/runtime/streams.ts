import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
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
/** What AUDIT copies from CONTROL, where only the last few states stay. */
export const AUDITED_KINDS = [
  'organization',
  'membership',
  'service_token',
  'application',
  'application_secret',
  'event_type',
  'subscription',
]
const STREAM_NOT_FOUND = 10059

type StreamSettings = Pick<Settings, 'EVENTS_MAX_AGE_DAYS' | 'LEDGER_MAX_AGE_DAYS' | 'DUPLICATE_WINDOW_MS'>

/** Every stream and its settings: the only place that says them. Why each is as it is: docs/streams.md. */
export function streamConfigs(settings: StreamSettings): Partial<StreamConfig>[] {
  const common = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    num_replicas: 1,
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
      max_age: 7 * NANOS_PER_DAY,
      duplicate_window: 100 * NANOS_PER_MS,
      allow_rollup_hdrs: false,
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

/**
 * Brings all streams to their settings; doing it again changes nothing.
 * @throws {StreamSettingsError} when a stream exists with settings that could lose data; it is left as it is.
 */
export async function applyStreams(jsm: JetStreamManager, settings: StreamSettings): Promise<void> {
  for (const wanted of streamConfigs(settings)) {
    const name = wanted.name as StreamName
    const info = await streamInfo(jsm, name)
    if (info === null) {
      await jsm.streams.add({ ...wanted, name })
      continue
    }
    const danger = dangerousDifference(wanted, info.config)
    if (danger !== null) throw new StreamSettingsError(`The stream ${name} can't be used: ${danger}.`)
    if (!isAsWanted(wanted, info.config)) await jsm.streams.update(name, wanted)
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

/** One request to the server. @throws {ConnectionBrokenError} at once when the connection breaks. */
export async function readStreamState(nats: Nats, name: StreamName): Promise<StreamState> {
  const info = await nats.unlessLost(nats.jsm.streams.info(name))
  return { createdAt: String(info.created), firstSeq: info.state.first_seq, lastSeq: info.state.last_seq }
}
