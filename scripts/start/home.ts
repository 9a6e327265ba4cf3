import { chmod, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isRunning } from '#shared/runtime/is-running.ts'

/** The state directory can't be used; the message says why and what to do. */
export class HomeError extends Error {
  override name = 'HomeError'
}

/** JETHOOK_HOME, for this process alone. */
export interface Home {
  path: string
  /** Notes where this jethook can be reached: a second start says so. */
  announce(apiUrl: string): Promise<void>
  release(): Promise<void>
}

const PRIVATE_DIRECTORY = 0o700

/**
 * Makes the directory if needed, closes it to others and takes its lock.
 * @throws {HomeError} when it can't be used, or another jethook runs on it.
 */
export async function openHome(path: string): Promise<Home> {
  const home = resolve(path)
  try {
    await mkdir(home, { recursive: true, mode: PRIVATE_DIRECTORY })
    if (!(await stat(home)).isDirectory()) throw new Error('it is no directory')
    await chmod(home, PRIVATE_DIRECTORY)
  } catch (error) {
    throw new HomeError(
      `JETHOOK_HOME (${home}) can't be used: ${(error as Error).message}. Give another directory in JETHOOK_HOME.`,
    )
  }
  const lockFile = join(home, 'lock')
  await takeLock(lockFile, home)
  return {
    path: home,
    announce: (apiUrl) => writeFile(lockFile, `${process.pid}\n${apiUrl}\n`, { mode: 0o600 }),
    release: () => rm(lockFile, { force: true }),
  }
}

async function takeLock(lockFile: string, home: string): Promise<void> {
  for (let tries = 0; tries < 3; tries++) {
    try {
      const file = await open(lockFile, 'wx', 0o600)
      await file.writeFile(`${process.pid}\n`)
      await file.close()
      return
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'EEXIST') throw new HomeError(`JETHOOK_HOME (${home}) can't be written to: ${message}.`)
    }
    const [pid, apiUrl] = (await readFile(lockFile, 'utf8').catch(() => '')).split('\n')
    if (await isJethook(Number(pid))) {
      throw new HomeError(
        `jethook runs on ${home} already${apiUrl ? `, at ${apiUrl}` : ''} (pid ${pid}). Stop it, or give another directory in JETHOOK_HOME.`,
      )
    }
    // Left behind by a run that was killed.
    await rm(lockFile, { force: true })
  }
  throw new HomeError(`JETHOOK_HOME (${home}) is being started by another process.`)
}

/** Whether the pid is of a running jethook, and not of some other program that was given the number since. */
async function isJethook(pid: number): Promise<boolean> {
  if (!(pid > 1) || pid === process.pid || !isRunning(pid)) return false
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null)
  return commandLine === null ? process.platform !== 'linux' : /scripts\/|jethook/.test(commandLine)
}
