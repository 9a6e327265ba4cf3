import { percentText, plural } from '#dashboard/shared/format.ts'
import { Sparkline } from '#dashboard/shared/sparkline.tsx'
import { State } from '#dashboard/shared/state.tsx'
import type { Health, Subscription } from './subscription-queries.ts'

const FAILING_RATE = 0.1

export type StateName = 'disabled' | 'paused' | 'breaker' | 'failing' | 'idle' | 'well'

/** What a subscription is said to be, the gravest first. */
export function stateOf({ is_enabled, paused_at }: Subscription, health: Health | undefined): StateName {
  if (!is_enabled) return 'disabled'
  if (paused_at) return 'paused'
  if (health?.breaker === 'open') return 'breaker'
  if (!health || health.error_rate === null) return 'idle'
  return health.error_rate >= FAILING_RATE ? 'failing' : 'well'
}

const WORDS = {
  disabled: ['off', 'Disabled'],
  paused: ['wait', 'Paused'],
  breaker: ['bad', 'Breaker open'],
  failing: ['bad', 'Failing'],
  idle: ['off', 'Idle'],
  well: ['ok', 'Well'],
} as const

export const STATE_CHOICES = Object.entries(WORDS).map(([value, [, label]]) => ({ value, label }))

export function SubscriptionState({ name, isFilled = false }: { name: StateName; isFilled?: boolean }) {
  const [tone, word] = WORDS[name]
  return (
    <State tone={tone} isFilled={isFilled}>
      {word}
    </State>
  )
}

export function HealthSpark({
  health,
  width = 120,
  height = 24,
}: {
  health: Health | undefined
  width?: number
  height?: number
}) {
  if (!health) return null
  const succeeded = health.spark.reduce((sum, hour) => sum + hour.succeeded, 0)
  const failed = health.spark.reduce((sum, hour) => sum + hour.failed, 0)
  const rate = health.error_rate === null ? '' : `, ${percentText(health.error_rate)} errors`
  return (
    <Sparkline
      width={width}
      height={height}
      label={`Last 24 hours: ${plural(succeeded, 'success', 'successes')}, ${plural(failed, 'failure')}${rate}`}
      columns={health.spark.map((hour) => ({ ok: hour.succeeded, bad: hour.failed }))}
    />
  )
}
