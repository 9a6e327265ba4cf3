import { createTransport, type Transporter } from 'nodemailer'
import type { Logger } from '#shared/runtime/logger.ts'
import { type Mail, renderMail } from './templates.ts'

export interface Mailer {
  /** False: there is no mail server, and `send` does nothing. */
  isConfigured: boolean
  /** Resolves when the mail server has taken it. @throws {Error} when it didn't. */
  send(to: string, mail: Mail): Promise<void>
  close(): void
}

export interface MailerOptions {
  /** Empty: no mail is sent. */
  smtpUrl: string
  sender: { address: string; name: string }
  timeoutMs: number
  logger: Logger
}

const CONNECTIONS_MAX = 2

export function createMailer({ smtpUrl, sender, timeoutMs, logger }: MailerOptions): Mailer {
  const transport = smtpUrl === '' ? null : connect(smtpUrl, timeoutMs)
  return {
    isConfigured: transport !== null,
    async send(to, mail) {
      if (transport === null) return
      // The address as an object: it can't be taken for several.
      await transport.sendMail({ from: sender, to: { address: to, name: '' }, ...renderMail(mail) })
      logger.debug({ mail: mail.type }, 'mail sent')
    },
    close: () => transport?.close(),
  }
}

function connect(smtpUrl: string, timeoutMs: number): Transporter {
  const { protocol, hostname, port, username, password } = new URL(smtpUrl)
  const isSecure = protocol === 'smtps:'
  return createTransport({
    pool: true,
    maxConnections: CONNECTIONS_MAX,
    host: hostname,
    port: port === '' ? (isSecure ? 465 : 587) : Number(port),
    secure: isSecure,
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}
