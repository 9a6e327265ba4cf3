import {
  newApplicationSecret,
  newServiceToken,
  openApplicationSecret,
  openServiceToken,
} from '#services/gateway/credentials.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { SecretBox } from '#shared/domain/secret-box.ts'
import {
  type Actor,
  type ApplicationSecretState,
  type ControlFact,
  controlSubject,
  NO_APPLICATION_QUOTAS,
  NO_ORGANIZATION_QUOTAS,
  type ServiceTokenState,
} from '#shared/facts/control.ts'
import { AppendConflictError, type Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'

/** What a new user needs to send a first event. */
export interface SeededCredentials {
  organization_id: string
  application_id: string
  service_token: string
  application_secret: string
}

export interface SeedDependencies {
  registry: Registry
  controlReader: ControlReader
  control: Appender
  secretBox: SecretBox
  clock: Clock
}

const SYSTEM: Actor = { kind: 'system', id: 'seed' }
const SEED_NAME = 'Default'
/** Always the same organisation: two first starts at once make one, not two. */
export const SEED_ORGANIZATION_ID = '01900000-0000-7000-8000-000000000001'
const SEED_APPLICATION_ID = '01900000-0000-7000-8000-000000000002'
const FOLD_WAIT_MS = 5_000

/** Makes the first organisation, application and credentials where they are missing; a half-made first start is completed. */
export async function seed(deps: SeedDependencies): Promise<SeededCredentials> {
  const changed = { v: 1, changedAtMs: deps.clock.nowMs(), changedBy: SYSTEM } as const
  const { registry } = deps
  if (!registry.organizations.has(SEED_ORGANIZATION_ID)) {
    await create(deps, {
      ...changed,
      type: 'organization',
      organizationId: SEED_ORGANIZATION_ID,
      name: 'My organization',
      quotas: NO_ORGANIZATION_QUOTAS,
      createdAtMs: changed.changedAtMs,
      deletedAtMs: null,
    })
  }
  if (!registry.applications.has(SEED_APPLICATION_ID)) {
    await create(deps, {
      ...changed,
      type: 'application',
      applicationId: SEED_APPLICATION_ID,
      organizationId: SEED_ORGANIZATION_ID,
      name: 'My application',
      quotas: NO_APPLICATION_QUOTAS,
      isOperational: false,
      createdAtMs: changed.changedAtMs,
      deletedAtMs: null,
    })
  }
  const token = liveToken(registry) ?? (await create(deps, newToken(deps)))
  const secret = liveSecret(registry) ?? (await create(deps, newSecret(deps)))
  return {
    organization_id: SEED_ORGANIZATION_ID,
    application_id: SEED_APPLICATION_ID,
    service_token: openServiceToken(deps.secretBox, token),
    application_secret: openApplicationSecret(deps.secretBox, secret),
  }
}

function liveToken(registry: Registry): ServiceTokenState | undefined {
  return registry.serviceTokensByLookup
    .values()
    .map(({ state }) => state)
    .find(
      (state) =>
        state.organizationId === SEED_ORGANIZATION_ID && state.name === SEED_NAME && state.deletedAtMs === null,
    )
}

function liveSecret(registry: Registry): ApplicationSecretState | undefined {
  return registry.applicationSecretsByLookup
    .values()
    .map(({ state }) => state)
    .find(
      (state) => state.applicationId === SEED_APPLICATION_ID && state.name === SEED_NAME && state.deletedAtMs === null,
    )
}

const of = { organizationId: SEED_ORGANIZATION_ID, name: SEED_NAME }

function newToken({ secretBox, clock }: SeedDependencies): ServiceTokenState {
  return newServiceToken(secretBox, of, { nowMs: clock.nowMs(), by: SYSTEM }).state
}

function newSecret({ secretBox, clock }: SeedDependencies): ApplicationSecretState {
  const ofApplication = { ...of, applicationId: SEED_APPLICATION_ID }
  return newApplicationSecret(secretBox, ofApplication, { nowMs: clock.nowMs(), by: SYSTEM }).state
}

/** Appends the fact unless somebody else has just made the same thing, and waits until the registry knows it. */
export async function create<Fact extends ControlFact>(
  { control, controlReader }: SeedDependencies,
  fact: Fact,
): Promise<Fact> {
  try {
    const { seq } = await control.append({
      subject: controlSubject(fact),
      body: JSON.stringify(fact),
      expectLastSubjectSeq: 0,
    })
    if (!(await controlReader.waitFor(seq, FOLD_WAIT_MS)))
      throw new Error('CONTROL is not read: the first start can be tried again')
  } catch (error) {
    if (!(error instanceof AppendConflictError)) throw error
  }
  return fact
}
