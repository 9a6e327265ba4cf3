import { type Settings, SettingsError } from '../config.ts'

export interface MailConfig {
  /** Empty: no mail is sent. */
  smtpUrl: string
  sender: { address: string; name: string }
  supportAddress: string
}

/** @throws {SettingsError} when there is a mail server but nobody that mails come from. */
export function mailConfig(settings: Settings): MailConfig {
  if (settings.SMTP_URL !== '' && settings.EMAIL_SENDER_ADDRESS === '')
    throw new SettingsError('Settings: SMTP_URL needs EMAIL_SENDER_ADDRESS.')
  return {
    smtpUrl: settings.SMTP_URL,
    sender: { address: settings.EMAIL_SENDER_ADDRESS, name: settings.EMAIL_SENDER_NAME },
    supportAddress: settings.SUPPORT_EMAIL_ADDRESS,
  }
}
