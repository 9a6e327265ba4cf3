import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { testLogger } from '#test/support/nats.ts'
import { startMailServer, type TestMailServer } from '#test/support/smtp.ts'
import { createMailer } from './mailer.ts'
import { renderMail } from './templates.ts'

let server: TestMailServer
before(async () => {
  server = await startMailServer()
})
after(() => server.close())

const OPTIONS = { sender: { address: 'jethook@example.com', name: 'jethook' }, timeoutMs: 2_000, logger: testLogger }
const INVITED = {
  type: 'invited',
  organizationName: 'A & <b>B</b>\r\nBcc: all@example.com',
  invitedBy: 'Ada "x"',
  role: 'viewer',
  link: 'https://example.com/?a=1&b=2',
} as const

test('names can add neither markup nor headers', () => {
  const { subject, text, html } = renderMail(INVITED)
  assert.ok(!/[\r\n]/.test(subject))
  assert.ok(!html.includes('<b>') && html.includes('&lt;b&gt;'))
  assert.ok(html.includes('href="https://example.com/?a=1&amp;b=2"'))
  assert.ok(text.includes('https://example.com/?a=1&b=2'))
})

test('a mail gets to the server, with one recipient', async () => {
  const mailer = createMailer({ ...OPTIONS, smtpUrl: server.url })
  await mailer.send('ada@example.com', INVITED)
  mailer.close()
  assert.deepEqual(
    server.mails.map(({ to }) => to),
    ['ada@example.com'],
  )
  const headers = server.mails[0]!.content.split('\r\n\r\n')[0]!
  assert.match(headers, /From: jethook <jethook@example.com>/)
  assert.doesNotMatch(headers, /^Bcc:/m)
})

test('an address that is several is not sent to several', async () => {
  const mailer = createMailer({ ...OPTIONS, smtpUrl: server.url })
  const at = server.mails.length
  await mailer.send('a@example.com, b@example.com', INVITED).catch(() => {})
  mailer.close()
  assert.ok(!server.mails.slice(at).some(({ to }) => to === 'b@example.com'))
})

test('what the server refuses is an error, and without a server nothing happens', async () => {
  server.isRefusing = true
  const mailer = createMailer({ ...OPTIONS, smtpUrl: server.url })
  await assert.rejects(mailer.send('ada@example.com', INVITED))
  mailer.close()
  server.isRefusing = false
  const none = createMailer({ ...OPTIONS, smtpUrl: '' })
  assert.equal(none.isConfigured, false)
  await none.send('ada@example.com', INVITED)
})
