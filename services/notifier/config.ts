import type { Settings } from '#shared/runtime/config.ts'
import { type MailConfig, mailConfig } from '#shared/runtime/mail/mail-config.ts'

export interface NotifierConfig {
  /** Dead letters of one subscription in a minute that get an event each. */
  eventsPerMinute: number
  areMailsSent: boolean
  mail: MailConfig
}

/** @throws {SettingsError} when a setting can't be used. */
export function notifierConfig(settings: Settings): NotifierConfig {
  return {
    eventsPerMinute: settings.OPERATIONAL_EVENTS_PER_MINUTE,
    areMailsSent: settings.ENABLE_DISABLED_SUBSCRIPTION_MAILS,
    mail: mailConfig(settings),
  }
}
