/** One token of a subject: whatever has a meaning in subjects (`.`, `*`, `>`, space, control characters) is percent-encoded. */
export function subjectToken(name: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(name)) return name
  return encodeURIComponent(name.toWellFormed()).replace(
    /[.*!'()~]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

export interface EventTypeParts {
  service: string
  resourceType: string
  verb: string
}

/** `event.<application>.<service>.<resource>.<verb>`: where an accepted event stands in EVENTS. */
export function eventSubject(applicationId: string, type: EventTypeParts): string {
  return `event.${applicationId}.${subjectToken(type.service)}.${subjectToken(type.resourceType)}.${subjectToken(type.verb)}`
}

/** Subjects of LEDGER. Few on purpose: a subject for each delivery would cost the server memory. */
export const LEDGER_SUBJECTS = {
  delivery: (lane: number) => `ledger.delivery.${lane}`,
  attempt: 'ledger.attempt',
  attemptStarted: 'ledger.started',
  matched: 'ledger.matched',
  cancelled: 'ledger.cancelled',
  /** What became of events that were to be delivered later: released or withdrawn. Their order decides. */
  postponed: 'ledger.postponed',
  replayed: 'ledger.replayed',
  /** One for each replay job, of which there are few. */
  replay: (jobId: string) => `ledger.replay.${jobId}`,
  /** What became of dead letters: redriven or discarded. Their order decides. */
  deadLetter: 'ledger.dead_letter',
  skipped: 'ledger.skipped',
  rejected: 'ledger.rejected',
} as const

/** What names a parked attempt. */
export interface ParkedName {
  subscriptionId: string
  orderKey?: string
  deliveryId: string
  attemptNumber: number
}

/** Stands for the order key of a delivery that is in no order. */
export const UNORDERED = '-'

/** Subjects of WAITING. A retry waits under its delivery's own subject, so that a purge by filter can cancel it. */
export const WAITING_SUBJECTS = {
  retry: (lane: number, subscriptionId: string, deliveryId: string) => `wait.${lane}.${subscriptionId}.${deliveryId}`,
  /** Says that something of the subscription is parked: the lanes' owners look for these. */
  parking: (lane: number, subscriptionId: string) => `parked.${lane}.${subscriptionId}`,
  /** One message each: a second append is refused while the first one stands. */
  parked: (lane: number, { subscriptionId, orderKey, deliveryId, attemptNumber }: ParkedName) =>
    `parked.${lane}.${subscriptionId}.${orderKey ?? UNORDERED}.${deliveryId}.${attemptNumber}`,
  /** Where a delivery of an ordered series stands: a filter, as its attempt may be any. */
  places: (lane: number, subscriptionId: string, orderKey: string, deliveryId: string) =>
    `parked.${lane}.${subscriptionId}.${orderKey}.${deliveryId}.*`,
  /** The delivery that an ordered series waits for: to be retried, or (a dead letter) to be skipped. */
  head: (lane: number, subscriptionId: string, orderKey: string, deliveryId: string) =>
    `parked.head.${lane}.${subscriptionId}.${orderKey}.${deliveryId}`,
  /** All that is parked of a subscription, without the marker that says so. */
  allParked: (lane: number, subscriptionId: string) => `parked.${lane}.${subscriptionId}.>`,
  /** What is parked of a delivery that is in no order; one in order keeps its place until its turn. */
  parkedOfDelivery: (lane: number, subscriptionId: string, deliveryId: string) =>
    `parked.${lane}.${subscriptionId}.${UNORDERED}.${deliveryId}.*`,
  due: (lane: number) => `due.${lane}`,
  postponed: (applicationId: string, eventId: string) => `wait.postponed.${applicationId}.${eventId}`,
  postponedDue: 'due.postponed',
} as const

/** On plain NATS, a replay for a NATS client: events go out, and each is answered with the subject that it names. */
export const REPLAY_SUBJECTS = {
  out: (applicationId: string, jobId: string) => `out.${applicationId}.replay.${jobId}`,
  /** Of so many names as no event's subject has: INBOX takes it, too. */
  taken: (applicationId: string, jobId: string, eventSeq: number | '*') =>
    `in.${applicationId}.replay.${jobId}.taken.${eventSeq}`,
} as const
const TAKEN_TOKENS = 6

/** Whether a message of INBOX is only the answer to an event of a replay. */
export function isTakenSubject(subject: string): boolean {
  const tokens = subject.split('.')
  return tokens.length === TAKEN_TOKENS && tokens[2] === 'replay' && tokens[4] === 'taken'
}

/** On plain NATS: a deliverer is asked for a test delivery, and answers with what came of it. */
export const TEST_DELIVERY_SUBJECT = 'jethook.test_delivery'

/** Subjects of CONTROL: one for each thing, so that the last message of a subject is the thing's state. */
export const CONTROL_SUBJECTS = {
  organization: (organizationId: string) => `control.organization.${organizationId}`,
  membership: (organizationId: string, userId: string) => `control.membership.${organizationId}.${userId}`,
  user: (userId: string) => `control.user.${userId}`,
  userEmail: (lookup: string) => `control.user_email.${lookup}`,
  session: (userId: string, slot: number) => `control.session.${userId}.${slot}`,
  application: (applicationId: string) => `control.application.${applicationId}`,
  applicationSecret: (lookup: string) => `control.application_secret.${lookup}`,
  serviceToken: (tokenId: string) => `control.service_token.${tokenId}`,
  eventType: (applicationId: string, name: string) => `control.event_type.${applicationId}.${subjectToken(name)}`,
  subscription: (subscriptionId: string) => `control.subscription.${subscriptionId}`,
  secretReveal: (subscriptionId: string) => `control.secret_reveal.${subscriptionId}`,
  quotaGuard: (scopeId: string) => `control.quota_guard.${scopeId}`,
  lane: (lane: number) => `control.lane.${lane}`,
  laneOwner: (lane: number) => `control.lane_owner.${lane}`,
  receiver: (subscriptionId: string) => `control.receiver.${subscriptionId}`,
  handshake: (subscriptionId: string) => `control.handshake.${subscriptionId}`,
  cancellation: (subscriptionId: string) => `control.cancellation.${subscriptionId}`,
  action: (applicationId: string, slot: number) => `control.action.${applicationId}.${slot}`,
  notifier: (stream: string) => `control.notifier.${stream}`,
  job: (applicationId: string, slot: number) => `control.job.${applicationId}.${slot}`,
  jobProgress: (applicationId: string, slot: number) => `control.job_progress.${applicationId}.${slot}`,
} as const
