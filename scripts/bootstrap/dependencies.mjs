import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT, runQuietly, withProgress } from './run.mjs'

const STAMP = join(PROJECT, 'node_modules/.jethook-lock')

async function lockHash() {
  return createHash('sha256')
    .update(await readFile(join(PROJECT, 'package-lock.json')))
    .digest('hex')
}

/** Whether node_modules was installed from the lock file as it is now. */
export async function dependenciesAreCurrent() {
  const stamp = await readFile(STAMP, 'utf8').catch(() => '')
  return stamp.trim() === (await lockHash())
}

/**
 * Installs what the lock file says and leaves it as it is; no package's install script runs. Not 'npm ci': that refuses a
 * lock file from which a registry's gaps among other platforms' binaries are missing.
 */
export async function installDependencies() {
  const npm = process.env.npm_execpath
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  const args = [
    ...first,
    'install',
    '--no-save',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    // A registry that can't be reached is told in seconds, not in minutes.
    '--fetch-retries=2',
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=4000',
  ]
  await withProgress('Installing dependencies', () => runQuietly(command, args)).catch((error) => {
    const reasons = error.message
      .split('\n')
      .filter((line) => /^npm (error|ERR!)/.test(line) && !/complete log|debug-0\.log/.test(line))
    throw new Error(
      [
        "The dependencies could not be installed ('npm install').",
        ...(reasons.length > 0 ? reasons : [error.message]).slice(0, 6).map((line) => `  ${line}`),
        'Is the npm registry reachable from here, and the disk not full? Then start again: nothing half-done is used.',
      ].join('\n'),
    )
  })
  await writeFile(STAMP, `${await lockHash()}\n`)
}
