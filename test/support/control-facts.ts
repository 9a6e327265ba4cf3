import {
  type ApplicationState,
  type EventTypeState,
  type MembershipState,
  NO_APPLICATION_QUOTAS,
  NO_ORGANIZATION_QUOTAS,
  type OrganizationState,
  type SubscriptionState,
  type UserState,
} from '#shared/facts/control.ts'

const CHANGED = { v: 1, createdAtMs: 0, changedAtMs: 0, changedBy: { kind: 'system', id: 'test' } } as const

/** Whole states with the parts that a test is about. */
export function organizationState(more: Partial<OrganizationState> = {}): OrganizationState {
  return {
    ...CHANGED,
    type: 'organization',
    organizationId: 'o',
    name: 'org',
    quotas: NO_ORGANIZATION_QUOTAS,
    deletedAtMs: null,
    ...more,
  }
}

export function applicationState(more: Partial<ApplicationState> = {}): ApplicationState {
  return {
    ...CHANGED,
    type: 'application',
    applicationId: 'app',
    organizationId: 'o',
    name: 'app',
    quotas: NO_APPLICATION_QUOTAS,
    isOperational: false,
    deletedAtMs: null,
    ...more,
  }
}

export function eventTypeState(name: string, more: Partial<EventTypeState> = {}): EventTypeState {
  const [service = '', resourceType = '', verb = ''] = name.split('.')
  return {
    ...CHANGED,
    type: 'event_type',
    applicationId: 'app',
    organizationId: 'o',
    name,
    service,
    resourceType,
    verb,
    schema: null,
    schemaVersion: 0,
    deactivatedAtMs: null,
    ...more,
  }
}

export function subscriptionState(subscriptionId: string, more: Partial<SubscriptionState> = {}): SubscriptionState {
  return {
    ...CHANGED,
    type: 'subscription',
    subscriptionId,
    applicationId: 'app',
    organizationId: 'o',
    isEnabled: true,
    eventTypes: ['a.b.c'],
    labels: {},
    description: null,
    metadata: {},
    target: { method: 'POST', url: 'http://localhost' },
    sealed: '',
    maxRetries: null,
    retryPolicy: null,
    filter: null,
    updatedAtMs: 0,
    deletedAtMs: null,
    pausedAtMs: null,
    drainPerSecond: null,
    concurrencyMax: null,
    rateLimit: null,
    ordering: null,
    disabledBecause: null,
    lastCancelledSeq: 0,
    ...more,
  }
}

export function membershipState(
  userId: string,
  role: MembershipState['role'],
  more: Partial<MembershipState> = {},
): MembershipState {
  return { ...CHANGED, type: 'membership', organizationId: 'o', userId, role, deletedAtMs: null, ...more }
}

export function userState(userId: string, more: Partial<UserState> = {}): UserState {
  return {
    ...CHANGED,
    type: 'user',
    userId,
    email: `${userId}@example.com`,
    firstName: 'Ada',
    lastName: 'Lovelace',
    passwordHash: '',
    emailVerifiedAtMs: 0,
    verifyToken: null,
    resetToken: null,
    verifyMailsAtMs: [],
    resetMailsAtMs: [],
    sessionsEndedAtMs: 0,
    deletedAtMs: null,
    ...more,
  }
}
