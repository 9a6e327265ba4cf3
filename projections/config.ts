import { type Settings, SettingsError } from '#shared/runtime/config.ts'

export interface ProjectionsConfig {
  databaseUrl: string
}

/** @throws {SettingsError} without a database: there would be nothing to write to. */
export function projectionsConfig({ DATABASE_URL }: Settings): ProjectionsConfig {
  if (DATABASE_URL === '') throw new SettingsError('Settings: DATABASE_URL is needed by the projections.')
  return { databaseUrl: DATABASE_URL }
}
