import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
/** Run as root, in containers, Chromium has no sandbox of its own; nothing but our own pages is opened. */
const ARGS = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--force-color-profile=srgb']

/** @throws {Error} that says how to get one, when the machine has no Chromium. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = await findChromium()
  if (executablePath === null)
    throw new Error("There is no Chromium. Install it ('apt-get install chromium'), or set CHROMIUM to its path.")
  return chromium.launch({ executablePath, args: ARGS })
}

/** The path of a Chromium: what CHROMIUM says, else the first one on PATH. */
export async function findChromium(): Promise<string | null> {
  const given = process.env['CHROMIUM']
  if (given) return given
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name)
      const isThere = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
      if (isThere) return path
    }
  }
  return null
}
