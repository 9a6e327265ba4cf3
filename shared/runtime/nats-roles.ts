import { STREAM_NAMES, type StreamName } from './streams.ts'

/** What a user of NATS may do: nothing but this. */
export interface NatsRights {
  publish: readonly string[]
  subscribe: readonly string[]
}

/** A user of the account JETHOOK for each service that runs alone, one for all of them in one process, one for operators. */
export const SERVICE_ROLES = [
  'gateway',
  'matcher',
  'deliverer',
  'projections',
  'reconciler',
  'jobs',
  'cleaner',
  'notifier',
  'outcomes',
  'callout',
] as const
export type ServiceRole = (typeof SERVICE_ROLES)[number]
export type NatsRole = ServiceRole | 'jethook' | 'admin'

/** The accounts: jethook's streams and services; applications; the auth callout; the server's own. */
export const NATS_ACCOUNTS = {
  own: 'JETHOOK',
  applications: 'APPLICATIONS',
  callout: 'AUTH',
  system: 'SYS',
} as const

/** What an application may reach in the account JETHOOK: nothing else is there for it, whatever its permissions. */
export const SHARED_SUBJECTS = { services: ['in.>', 'ingest.>'], streams: ['out.>'] } as const

/** Answers are sent under a prefix of one's own: who may subscribe to `_INBOX.>` reads those of all others. */
export function inboxPrefixOf(user: string): string {
  return `_INBOX_${user}`
}

const API = '$JS.API'

/** To look at single messages of a stream. */
const look = (stream: StreamName): string[] => [
  `${API}.STREAM.MSG.GET.${stream}`,
  `${API}.DIRECT.GET.${stream}`,
  `${API}.DIRECT.GET.${stream}.>`,
]

/** To read a stream by consumers, and to see to those. Their names are by chance: a token can't be allowed by its beginning. */
const read = (stream: StreamName): string[] => [
  ...look(stream),
  // The client uses the other two for consumers without a name, and with several filters.
  `${API}.CONSUMER.CREATE.${stream}.>`,
  `${API}.CONSUMER.CREATE.${stream}`,
  `${API}.CONSUMER.DURABLE.CREATE.${stream}.*`,
  `${API}.CONSUMER.INFO.${stream}.*`,
  `${API}.CONSUMER.DELETE.${stream}.*`,
  `${API}.CONSUMER.MSG.NEXT.${stream}.*`,
]

/** To take work from a stream: each message is acknowledged, in either of the two forms that the server asks for. */
const work = (stream: StreamName): string[] => [
  ...read(stream),
  `${API}.CONSUMER.RESET.${stream}.*`,
  `$JS.ACK.${stream}.>`,
  `$JS.ACK.*.*.${stream}.>`,
]

const purge = (stream: StreamName): string => `${API}.STREAM.PURGE.${stream}`

const { inbox, events, ledger, waiting, control, audit } = STREAM_NAMES
const APPEND_TO_WAITING = ['wait.>', 'due.*', 'parked.>']

/** What a user may do the server tells the user itself. */
export const USER_INFO_SUBJECT = '$SYS.REQ.USER.INFO'

/** Every process has the registry, which is read from CONTROL. */
const EVERYBODY = [USER_INFO_SUBJECT, `${API}.INFO`, `${API}.STREAM.INFO.*`, ...read(control)]

const RIGHTS: Record<ServiceRole, NatsRights> = {
  gateway: {
    publish: [
      'event.>',
      'ledger.>',
      'control.>',
      ...work(inbox),
      purge(inbox),
      ...read(events),
      ...read(ledger),
      ...read(waiting),
      purge(waiting),
      // How far each has come is shown to people, and in figures.
      `${API}.CONSUMER.LIST.*`,
      'jethook.test_delivery',
      // Answers of the micro service: across accounts, and to operators.
      '_R_.>',
      '_INBOX.>',
      `${inboxPrefixOf('admin')}.>`,
    ],
    subscribe: ['ingest.>', '$SRV.>'],
  },
  matcher: {
    publish: ['ledger.>', ...APPEND_TO_WAITING, ...read(events), ...read(ledger), ...read(waiting), purge(waiting)],
    subscribe: [],
  },
  deliverer: {
    publish: [
      'ledger.attempt',
      'ledger.started',
      'ledger.cancelled',
      ...APPEND_TO_WAITING,
      ...['lane', 'lane_owner', 'receiver', 'handshake', 'subscription'].map((kind) => `control.${kind}.>`),
      ...look(events),
      ...work(ledger),
      ...work(waiting),
      purge(waiting),
      'jethook.deliverer',
      'jethook.deliverer.*',
      // Its answers to other deliverers, and to whoever asked for a test delivery.
      ...['deliverer', 'gateway', 'jethook'].map((role) => `${inboxPrefixOf(role)}.>`),
    ],
    subscribe: ['jethook.deliverer', 'jethook.deliverer.*', 'jethook.test_delivery'],
  },
  projections: { publish: [events, ledger, audit].flatMap(read), subscribe: [] },
  reconciler: {
    publish: ['ledger.>', ...APPEND_TO_WAITING, ...look(events), ...read(ledger), ...read(waiting)],
    subscribe: [],
  },
  jobs: {
    publish: [
      'ledger.>',
      'control.job.>',
      'control.job_progress.>',
      ...APPEND_TO_WAITING,
      ...read(events),
      ...read(ledger),
      ...look(waiting),
      purge(waiting),
      'jethook.jobs',
      'jethook.jobs.*',
      ...['jobs', 'jethook'].map((role) => `${inboxPrefixOf(role)}.>`),
      // Events that an application's own client asks for again, and what it answers.
      'out.*.replay.>',
    ],
    subscribe: ['jethook.jobs', 'jethook.jobs.*', 'in.*.replay.>'],
  },
  cleaner: { publish: read(ledger), subscribe: [] },
  notifier: { publish: ['event.>', 'control.notifier.>', ...look(events), ...read(ledger)], subscribe: [] },
  outcomes: { publish: ['out.>', ...read(events), ...read(ledger)], subscribe: [] },
  callout: { publish: [], subscribe: [] },
}

/** What jethook's users may do. Of services in one process: what any of them may; no more than they need is there for anybody but operators. */
export function rightsOf(role: NatsRole): NatsRights {
  if (role === 'admin') return { publish: ['>'], subscribe: ['>'] }
  const of = role === 'jethook' ? SERVICE_ROLES.map((each) => RIGHTS[each]) : [RIGHTS[role]]
  const once = (subjects: readonly string[]) => [...new Set(subjects)]
  return {
    publish: once([...EVERYBODY, ...of.flatMap(({ publish }) => publish)]),
    subscribe: once([`${inboxPrefixOf(role)}.>`, ...of.flatMap(({ subscribe }) => subscribe)]),
  }
}

/** Of the auth callout in its account: it hears who wants to come in, and may answer. */
export const AUTHENTICATOR_RIGHTS: NatsRights = { publish: [], subscribe: ['$SYS.REQ.USER.AUTH'] }

/** Of the auth callout in the server's account: to list connections, to end them, and to see how servers are set up. */
export const SYSTEM_RIGHTS: NatsRights = {
  publish: [
    '$SYS.REQ.SERVER.PING.CONNZ',
    '$SYS.REQ.SERVER.*.CONNZ',
    '$SYS.REQ.SERVER.*.KICK',
    // For `jethook doctor`: whether every message is written to disk before it is acknowledged.
    '$SYS.REQ.SERVER.PING.VARZ',
  ],
  subscribe: [`${inboxPrefixOf('system')}.>`],
}

/**
 * What a client may do that speaks for applications: publish their events and ask for answers, and hear what becomes of them.
 * @param user Whose inbox it has: an application, or an organisation.
 * @param applicationIds UUIDs: no other id is ever put into a subject.
 */
export function rightsOfApplications(user: string, applicationIds: readonly string[]): NatsRights {
  return {
    publish: applicationIds.flatMap((id) => [`in.${id}.>`, `ingest.${id}.>`]),
    subscribe: [`${inboxPrefixOf(user)}.>`, ...applicationIds.map((id) => `out.${id}.>`)],
  }
}
