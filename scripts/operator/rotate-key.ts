import type { Registry } from '#shared/domain/registry.ts'
import type { SecretBox } from '#shared/domain/secret-box.ts'
import { createSecretBox } from '#shared/domain/secret-box.ts'
import {
  type ApplicationSecretState,
  controlSubject,
  type ServiceTokenState,
  type SubscriptionState,
} from '#shared/facts/control.ts'
import { AppendConflictError } from '#shared/runtime/appender.ts'
import { newSecretKey, readSecretKeys, replaceSecretKeys, secretKeyFile } from '#shared/runtime/secret-key.ts'
import { type OperatorRuntime, runOperatorCommand } from './open-runtime.ts'

type Sealed = ApplicationSecretState | ServiceTokenState | SubscriptionState

const SYSTEM = { kind: 'system', id: 'key-rotation' } as const

/** Everything that CONTROL holds sealed, with its place. */
function sealedStates(registry: Registry): { state: Sealed; seq: number }[] {
  return [
    ...registry.applicationSecretsByLookup.values(),
    ...registry.serviceTokens.values(),
    ...registry.subscriptions.values(),
  ]
}

function contextOf(state: Sealed): string {
  switch (state.type) {
    case 'application_secret':
      return `application_secret:${state.lookup}`
    case 'service_token':
      return `service_token:${state.tokenId}`
    case 'subscription':
      return `subscription:${state.subscriptionId}`
  }
}

/**
 * Seals anew, with the current key, whatever was sealed with an older one. What somebody else changes meanwhile is left to
 * the next run.
 * @returns how many were sealed anew, and how many are left.
 */
export async function sealAnew(
  { registry, appenders, clock, controlReader }: OperatorRuntime,
  secretBox: SecretBox,
): Promise<{ sealed: number; left: number }> {
  let sealed = 0
  let left = 0
  for (const { state, seq } of sealedStates(registry)) {
    if (secretBox.isCurrent(state.sealed)) continue
    const context = contextOf(state)
    const fact = {
      ...state,
      sealed: secretBox.seal(secretBox.open(state.sealed, context), context),
      changedAtMs: clock.nowMs(),
      changedBy: SYSTEM,
      // Its place in CONTROL says what a disabled subscription has cancelled: that must not move.
      ...(state.type === 'subscription'
        ? { lastCancelledSeq: registry.subscriptions.get(state.subscriptionId)!.cancelledBeforeSeq }
        : {}),
    }
    try {
      await appenders.control.append({
        subject: controlSubject(fact),
        body: JSON.stringify(fact),
        expectLastSubjectSeq: seq,
      })
      sealed++
    } catch (error) {
      if (!(error instanceof AppendConflictError)) throw error
      left++
    }
  }
  await controlReader.waitFor(appenders.control.lastSeq, 10_000)
  return { sealed, left }
}

/** The new key comes second; the last one, which finds credentials, stays last: alone, it then stands there twice. */
function withAdded(keys: readonly Uint8Array[], added: Uint8Array): Uint8Array[] {
  return [keys[0]!, added, ...(keys.length === 1 ? keys : keys.slice(1))]
}

const STEPS = `Keys are changed in three steps, so that no running process ever meets a secret that it can't open:
  jethook keys rotate add     a new key is added; it opens, but does not seal yet
  (start every jethook process anew)
  jethook keys rotate use     the new key seals from now on
  (start every jethook process anew)
  jethook keys rotate seal    what is stored is sealed anew with the new key`

/** Does one of the three steps. What goes wrong is one sentence on standard error. */
export async function runRotateKey(step: string | undefined): Promise<void> {
  await runOperatorCommand(async (runtime) => {
    const { settings } = runtime
    const isInFile = settings.JETHOOK_SECRET_KEY === ''
    const file = secretKeyFile(settings)
    const keys = await readSecretKeys(settings)
    switch (step) {
      case 'add': {
        const key = newSecretKey()
        if (!isInFile)
          return `JETHOOK_SECRET_KEY is set by you. Put this key second in it; the key that is last now stays last, also when it is the first one too (a,new,a): ${Buffer.from(key).toString('base64')}`
        await replaceSecretKeys(file, withAdded(keys, key))
        return `A key was added to ${file}. Start every process anew, then: jethook keys rotate use`
      }
      case 'use': {
        const [current, next, ...older] = keys
        if (next === undefined || older.length === 0) throw new Error(`There is no added key yet.\n${STEPS}`)
        if (!isInFile) return 'In JETHOOK_SECRET_KEY, put the second key first; the last one stays last.'
        await replaceSecretKeys(file, [next, current!, ...older])
        return 'The new key seals from the next start on. Start every process anew, then: jethook keys rotate seal'
      }
      case 'seal': {
        const { sealed, left } = await sealAnew(runtime, createSecretBox(keys))
        return left > 0
          ? `${sealed} secrets were sealed anew; ${left} were being changed: run it again.`
          : `${sealed} secrets were sealed anew. Keys between the first and the last are no longer needed; the last one finds credentials and stays.`
      }
      default:
        throw new Error(STEPS)
    }
  })
}

if (import.meta.main) await runRotateKey(process.argv[2])
