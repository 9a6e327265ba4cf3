import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** A busy machine takes its time. */
const PATIENCE_MS = 20_000

export interface WatchedPage {
  page: Page
  /** What the browser complained of, and whom it asked besides the server: nothing, if all is well. */
  complaints: string[]
}

export interface PageOptions {
  width?: number
  isDark?: boolean
}

/** A page in a profile of its own; it notes errors, refusals of the content policy, and requests to anybody else. */
export async function openPage(
  browser: Browser,
  origin: string,
  { width = 1280, isDark }: PageOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: isDark ? 'dark' : 'light',
    baseURL: origin,
  })
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    const isOfAnswer = /Failed to load resource/.test(message.text())
    if (message.type() === 'error' && !isOfAnswer) complaints.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith('data:')) complaints.push(request.url())
  })
  return { page, complaints }
}

interface Violation {
  impact: string | null
  id: string
  nodes: { html: string; failureSummary?: string }[]
}

/** Runs axe's rules of WCAG 2.2 AA on the page as it is. @returns a line for each serious or critical finding. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } }
    return (await axe.run({ resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] }))
      .violations
  })
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary ?? ''}`)
}

/** Until a view has its heading, and nothing of it is being loaded. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.locator('[aria-label=Loading], .mantine-Skeleton-root').first().waitFor({ state: 'detached' })
}

/** How far the page is wider than its window, in px. */
export function sidewaysScroll(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - innerWidth')
}

export async function heading(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('heading', { name, level: 1 }).waitFor()
}

export function assertNoComplaints({ complaints }: WatchedPage): void {
  assert.deepEqual(complaints, [])
}
