import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import { firstCurl } from './first-steps.ts'
import { createProgress } from './progress.ts'
import { EXPECTED_ERRORS, startJethook } from './start.ts'

const STOP_LIMIT_MS = 4_800
/** Whoever lets others write subscriptions must know it. */
const LOOPBACK_WARNING = `
  WARNING: webhooks may also go to addresses of this machine, so that first steps work (TARGET_ALLOWED_CIDRS).
  Set TARGET_ALLOWED_CIDRS= (empty) before you let others make subscriptions. See docs/addresses.md.
`
const isJson = process.argv.includes('--json')
const progress = createProgress()

try {
  const jethook = await startJethook({ environment: process.env, progress, withEcho: !isJson })
  closeWithGrace({ delay: STOP_LIMIT_MS, logger: false }, async ({ err, signal }) => {
    if (err) process.stderr.write(`\njethook: ${err.stack ?? err.message}\n`)
    else if (!isJson) process.stderr.write(`\n  Stopping (${signal ?? 'asked to'}) …\n`)
    await jethook.stop()
  })
  void jethook.failed.then(async (error) => {
    process.stderr.write(`\njethook: ${error.message}. It stops, so that nothing is made worse.\n`)
    await Promise.race([jethook.stop(), delay(STOP_LIMIT_MS)])
    process.exit(1)
  })
  progress.done()
  if (jethook.loopbackIsAllowed) process.stderr.write(LOOPBACK_WARNING)
  if (isJson && jethook.signInLink !== null) process.stderr.write(`Dashboard: ${jethook.signInLink}\n`)
  if (isJson) process.stdout.write(`${JSON.stringify(jethook.credentials)}\n`)
  else process.stdout.write(banner(jethook))
} catch (error) {
  progress.done()
  const isExpected = EXPECTED_ERRORS.has((error as Error).name)
  process.stderr.write(
    `\njethook: ${isExpected ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`,
  )
  process.exit(1)
}

type Started = Awaited<ReturnType<typeof startJethook>>

/** The link is told here alone: no file holds it. */
function dashboardLines({ credentials, signInLink }: Started): string {
  const { origin } = new URL(credentials.api_url)
  return signInLink === null
    ? `  Dashboard           ${origin}/ (npx jethook sign-in-link makes a link that signs you in)`
    : `  Dashboard           ${signInLink}\n                      (signs you in, works once, for 24 hours)`
}

function banner(jethook: Started): string {
  const { credentials, home, seconds } = jethook
  return `
jethook is ready after ${seconds} s at ${credentials.api_url}

${dashboardLines(jethook)}

  Authenticate with   Authorization: Bearer <token>
  Your token is in    ${join(home, 'credentials.json')} (service_token)

  Send a first event from another terminal and see its webhook arrive here:

TOKEN=${credentials.service_token}
${firstCurl(credentials)}

  API description     ${credentials.api_url}/swagger.json
  A bigger example    npx jethook demo
  Stop                Ctrl-C
`
}
