import type { Settings } from '#shared/runtime/config.ts'

export interface OutcomesConfig {
  isOn: boolean
}

export function outcomesConfig(settings: Settings): OutcomesConfig {
  return { isOn: settings.ENABLE_OUTCOME_EVENTS }
}
