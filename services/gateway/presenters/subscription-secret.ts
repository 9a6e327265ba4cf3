import type { SubscriptionSecretAnswer } from '#shared/contract/schemas.ts'
import { publicKeyText, webhookSecretText } from '#shared/domain/standard-signature.ts'
import { previousSecrets } from '#shared/domain/subscription-secrets.ts'
import type { SigningSecrets, SubscriptionSecrets, SubscriptionState } from '#shared/facts/control.ts'
import { timeText } from './time.ts'

/** What a receiver needs to verify: the present secrets, and those before while they sign too. */
export function presentSubscriptionSecret(
  state: SubscriptionState,
  secrets: SubscriptionSecrets,
  nowMs: number,
): SubscriptionSecretAnswer {
  const previous = previousSecrets(state, secrets, nowMs)
  return {
    subscription_id: state.subscriptionId,
    ...presentSigning(secrets),
    rotated_at: state.secretRotation ? timeText(state.secretRotation.atMs) : null,
    previous: previous && { ...presentSigning(previous), expires_at: timeText(previous.untilMs) },
  }
}

function presentSigning({ secret, standard }: SigningSecrets) {
  return {
    secret,
    webhook_secret: standard ? webhookSecretText(standard) : null,
    public_key: standard ? publicKeyText(standard) : null,
  }
}
