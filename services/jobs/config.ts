import type { Settings } from '#shared/runtime/config.ts'

export interface JobsConfig {
  laneCount: number
  /** Jobs that one process runs at once. */
  runningMax: number
}

export function jobsConfig({ LANES, JOBS_RUNNING_MAX }: Settings): JobsConfig {
  return { laneCount: LANES, runningMax: JOBS_RUNNING_MAX }
}
