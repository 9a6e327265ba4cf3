/** A mail that jethook sends. */
export type Mail =
  | { type: 'verify-email'; firstName: string; link: string }
  | { type: 'reset-password'; firstName: string; link: string }
  | { type: 'invited'; organizationName: string; invitedBy: string; role: string; link: string }
  | { type: 'quota-warning'; organizationName: string; applicationName: string | null; used: number; limit: number }
  | {
      type: 'subscription-disabled'
      organizationName: string
      applicationName: string
      subscription: string
      origin: string
      reason: 'failing' | 'gone'
      since: string
    }

export interface MailText {
  subject: string
  text: string
  html: string
}

/** Subject and text of a mail, in plain text and HTML. */
export function renderMail(mail: Mail): MailText {
  const { subject, paragraphs, link } = contentOf(mail)
  return {
    subject: oneLine(subject),
    text: [...paragraphs.map(oneLine), ...(link ? [link] : [])].join('\n\n'),
    html: htmlOf(paragraphs, link),
  }
}

interface Content {
  subject: string
  paragraphs: string[]
  link: string | null
}

function contentOf(mail: Mail): Content {
  switch (mail.type) {
    case 'verify-email':
      return {
        subject: 'Verify your e-mail address',
        paragraphs: [
          `Hello ${mail.firstName},`,
          'please verify your e-mail address by this link. It is valid for 24 hours. If you have not registered, ignore this mail.',
        ],
        link: mail.link,
      }
    case 'reset-password':
      return {
        subject: 'Set another password',
        paragraphs: [
          `Hello ${mail.firstName},`,
          'by this link you can set another password. It is valid for 30 minutes and works once. If you have not asked for it, ignore this mail: your password stays as it is.',
        ],
        link: mail.link,
      }
    case 'invited':
      return {
        subject: `You are a member of ${mail.organizationName} now`,
        paragraphs: [`${mail.invitedBy} has made you a member of ${mail.organizationName}, as ${mail.role}.`],
        link: mail.link,
      }
    case 'subscription-disabled':
      return {
        subject: `The subscription ${mail.subscription} of ${mail.applicationName} is disabled`,
        paragraphs: [
          `jethook has disabled the subscription ${mail.subscription} of ${mail.applicationName} (${mail.organizationName}).`,
          mail.reason === 'gone'
            ? `Its receiver at ${mail.origin} has answered that it is gone (410).`
            : `Its receiver at ${mail.origin} has done nothing but fail since ${mail.since}.`,
          'What was waiting for it is cancelled. Its events are kept: enable the subscription when the receiver is well, and replay what it should have.',
        ],
        link: null,
      }
    case 'quota-warning': {
      const whose = mail.applicationName ?? mail.organizationName
      return {
        subject: `${whose} has used ${mail.used} of ${mail.limit} events today`,
        paragraphs: [
          `${whose} has posted ${mail.used} events today. From ${mail.limit} on, further events are refused until midnight (UTC).`,
        ],
        link: null,
      }
    }
  }
}

/** A name with a line break must not add a header, nor a line that looks like ours. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function htmlOf(paragraphs: readonly string[], link: string | null): string {
  const parts = paragraphs.map((text) => `<p>${escapeHtml(oneLine(text))}</p>`)
  if (link) parts.push(`<p><a href="${escapeHtml(link)}">${escapeHtml(link)}</a></p>`)
  return parts.join('\n')
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign]!)
}
