import type { RegisteredSubscription } from '#shared/domain/registry.ts'
import type { SecretBox } from '#shared/domain/secret-box.ts'
import type { SubscriptionSecrets } from '#shared/facts/control.ts'
import { type PreparedTarget, prepareTarget, type RequestFormat } from './request.ts'

/** What subscriptions' requests have in common, made once for each state of a subscription. */
export interface Targets {
  of(subscription: RegisteredSubscription): PreparedTarget
}

export function createTargets(secretBox: SecretBox, format: RequestFormat): Targets {
  const known = new Map<string, { seq: number; target: PreparedTarget }>()
  return {
    of({ state, seq }) {
      const { subscriptionId } = state
      const prepared = known.get(subscriptionId)
      if (prepared?.seq === seq) return prepared.target
      const secrets = JSON.parse(secretBox.open(state.sealed, `subscription:${subscriptionId}`)) as SubscriptionSecrets
      const target = prepareTarget(state, secrets, format)
      known.set(subscriptionId, { seq, target })
      return target
    },
  }
}
