import type { QuotaGuard } from '#shared/facts/control.ts'
import { type Change, type ChangeOptions, changeSeveral } from '../change-control.ts'
import type { RouteDependencies } from '../dependencies.ts'

/** Whoever waits for a turn, by scope: the last in line. */
const lines = new Map<string, Promise<unknown>>()

/**
 * Makes things that are counted: one creation of a scope (an organisation or an application) after the other, also when
 * several gateways make them, so that no two see the same count. Costs nothing when quotas are not enforced.
 */
export async function changeCounted(
  deps: RouteDependencies,
  scopeId: string,
  decide: () => readonly Change[],
  options: ChangeOptions = {},
): Promise<number> {
  if (!deps.config.quotas.isEnforced) return changeSeveral(deps, decide, options)
  const before = lines.get(scopeId) ?? Promise.resolve()
  const turn = before
    .catch(() => {})
    .then(() =>
      changeSeveral(
        deps,
        () => {
          const changes = decide()
          return changes.length === 0 ? [] : [...changes, nextGuard(deps, scopeId)]
        },
        options,
      ),
    )
  lines.set(scopeId, turn)
  try {
    return await turn
  } finally {
    if (lines.get(scopeId) === turn) lines.delete(scopeId)
  }
}

/** Written in one batch with what must be made once in a scope: of two makers at once one is refused and looks anew. */
export function nextGuard({ registry, clock }: RouteDependencies, scopeId: string): Change<QuotaGuard> {
  const fact: QuotaGuard = {
    v: 1,
    type: 'quota_guard',
    scopeId,
    changedAtMs: clock.nowMs(),
    changedBy: { kind: 'system', id: 'quota' },
  }
  return { fact, seq: registry.quotaGuards.get(scopeId) ?? 0 }
}
