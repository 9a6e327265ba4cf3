import { createHash } from 'node:crypto'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT, runQuietly, withProgress } from './run.mjs'

const FOLDER = join(PROJECT, 'dashboard')
const BUILT = join(FOLDER, 'dist')
const STAMP = join(BUILT, '.source-hash')
/** What a build is made from; its packages are in the lock file. */
const SOURCES = [
  'dashboard/compress-assets.ts',
  'dashboard/src',
  'dashboard/public',
  'dashboard/index.html',
  'dashboard/vite.config.ts',
  'package-lock.json',
]

/**
 * Builds the dashboard when there is no build of the sources as they are. It is not needed to deliver webhooks: when it can't
 * be built, that is told and the start goes on.
 * @param node The Node that runs the build.
 */
export async function prepareDashboard(node) {
  try {
    const wanted = await sourceHash()
    const built = await readFile(STAMP, 'utf8').catch(() => '')
    if (built.trim() !== wanted) await withProgress('Building the dashboard', () => buildDashboard(node, wanted))
  } catch (error) {
    const reason = String(error.message).split('\n').slice(0, 4).join('\n  ')
    process.stderr.write(`  The dashboard could not be built, so there is none at /. All else works.\n  ${reason}\n`)
  }
}

/** Built beside its place and renamed: what is half there is never served. */
async function buildDashboard(node, hash) {
  const made = `${BUILT}-${process.pid}`
  try {
    await runQuietly(node, [join(PROJECT, 'node_modules/vite/bin/vite.js'), 'build', '--outDir', made], { cwd: FOLDER })
    await writeFile(join(made, '.source-hash'), `${hash}\n`)
    await rm(BUILT, { recursive: true, force: true })
    await rename(made, BUILT)
  } finally {
    await rm(made, { recursive: true, force: true })
  }
}

async function sourceHash() {
  const hash = createHash('sha256')
  for (const source of SOURCES) {
    for (const file of await filesOf(source)) hash.update(`${file}\0`).update(await readFile(join(PROJECT, file)))
  }
  return hash.digest('hex')
}

async function filesOf(path) {
  const entries = await readdir(join(PROJECT, path), { withFileTypes: true, recursive: true }).catch((error) => {
    if (error.code === 'ENOTDIR') return null
    throw error
  })
  if (entries === null) return [path]
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(PROJECT.length))
    .sort()
}
