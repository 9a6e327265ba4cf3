import type { Settings } from '#shared/runtime/config.ts'

export interface MatcherConfig {
  laneCount: number
}

export function matcherConfig({ LANES }: Settings): MatcherConfig {
  return { laneCount: LANES }
}
