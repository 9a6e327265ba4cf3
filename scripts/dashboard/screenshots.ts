import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { createProgress } from '#scripts/start/progress.ts'
import { startJethook } from '#scripts/start/start.ts'
import { openBrowser } from './browser.ts'
import { makeSample, type Sample } from './sample-data.ts'

const FOLDER = process.argv[2] ?? 'docs/images'
const DESKTOP = { width: 1360, height: 860 }
const LOADED_LIMIT_MS = 15_000

/** The main views; each is there when its text is. */
const VIEWS = (
  app: string,
  { deadEventId, subscriptionId }: Sample,
): [name: string, address: string, text: string][] => [
  ['overview', `/apps/${app}/overview`, 'Endpoints with most trouble'],
  ['events', `/apps/${app}/events`, 'delivered'],
  ['event', `/apps/${app}/events/${deadEventId}`, 'Dead letter'],
  ['subscriptions', `/apps/${app}/subscriptions`, 'Chat bridge'],
  ['subscription', `/apps/${app}/subscriptions/${subscriptionId}`, 'Retries scheduled'],
  ['dead-letters', `/apps/${app}/dead-letters`, 'Refused for good'],
]

/** Takes pictures of the main views, with the demo's payloads, for the README and the docs. */
const home = await mkdtemp(join(tmpdir(), 'jethook-screenshots-'))
const progress = createProgress()
const jethook = await startJethook({
  environment: {
    PORT: '0',
    RETRY_SCHEDULE: '1s,2s,1h',
    MAX_RETRIES: '2',
    DISABLE_API_RATE_LIMITING: 'true',
    JETHOOK_HOME: home,
  },
  progress,
  withEcho: false,
})
try {
  progress.step('Sending events')
  const sample = await makeSample(jethook.credentials)
  progress.step('Taking pictures')
  await mkdir(FOLDER, { recursive: true })
  const browser = await openBrowser()
  const context = await browser.newContext({
    viewport: DESKTOP,
    deviceScaleFactor: 2,
    colorScheme: 'light',
  } satisfies BrowserContextOptions)
  const page = await context.newPage()
  await page.goto(jethook.signInLink!)
  await page.getByRole('heading', { name: 'Overview' }).waitFor({ timeout: LOADED_LIMIT_MS })
  const origin = new URL(jethook.credentials.api_url).origin
  for (const [name, address, text] of VIEWS(jethook.credentials.application_id, sample)) {
    await page.emulateMedia({ colorScheme: name === 'event' ? 'dark' : 'light' })
    await page.goto(origin + address)
    await picture(page, name, text)
  }
  await browser.close()
  sample.close()
} finally {
  progress.done()
  await jethook.stop()
  await rm(home, { recursive: true, force: true })
}

async function picture(page: Page, name: string, text: string): Promise<void> {
  await page.getByText(text).first().waitFor({ timeout: LOADED_LIMIT_MS })
  await page.waitForLoadState('networkidle')
  await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: 'disabled' })
}
