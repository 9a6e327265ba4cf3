import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** A server that was started here and is stopped here. */
export interface ServerProcess {
  pid: number
  port: number
  url: string
  /** Resolves with a description of how it ended, whenever that is. */
  exited: Promise<string>
  /** A clean shutdown; after a few seconds a hard one. */
  stop(): Promise<void>
  /** `kill -9`, as a crash would. Resolves when it is gone. */
  kill(): Promise<void>
}

export interface ServerCommand {
  name: string
  command: string
  args: readonly string[]
  port: number
  url: string
  logFile: string
  stopSignal: 'SIGINT' | 'SIGTERM'
  uid?: number
  gid?: number
  /** Asked again and again until it is true. */
  isReady(): Promise<boolean>
}

/** A server that didn't start; the message has the reason and the last lines of its log. */
export class ServerStartError extends Error {
  override name = 'ServerStartError'
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 3_500
const POLL_MS = 20
const LOG_LINES_SHOWN = 8

/**
 * Starts a server in a process group of its own (a Ctrl-C in the terminal is for us, we stop it in order) and waits
 * until it is ready.
 * @throws {ServerStartError} when it ends or doesn't get ready in time.
 */
export async function startServerProcess(server: ServerCommand): Promise<ServerProcess> {
  await mkdir(dirname(server.logFile), { recursive: true, mode: 0o700 })
  const log = openSync(server.logFile, 'a', 0o600)
  const child = spawn(server.command, server.args, {
    stdio: ['ignore', log, log],
    detached: true,
    ...(server.uid === undefined ? {} : { uid: server.uid }),
    ...(server.gid === undefined ? {} : { gid: server.gid }),
  })
  closeSync(log)
  let ended: string | null = null
  const exited = endOf(child).then((how) => {
    ended = how
    return how
  })
  const untilMs = Date.now() + START_TIMEOUT_MS
  while (ended === null && Date.now() < untilMs) {
    if (await server.isReady())
      return { pid: child.pid!, port: server.port, url: server.url, exited, ...endings(child, exited, server) }
    await Promise.race([delay(POLL_MS), exited])
  }
  if (ended === null && child.pid !== undefined) child.kill('SIGKILL')
  const why = ended ?? `was not ready within ${START_TIMEOUT_MS / 1_000} s`
  throw new ServerStartError(`${server.name} did not start: it ${why}.\n${await lastLines(server.logFile)}`)
}

function endings(child: ChildProcess, exited: Promise<string>, server: ServerCommand) {
  return {
    async stop() {
      child.kill(server.stopSignal)
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      await exited
      clearTimeout(timer)
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be run (${error.message})`))
    child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`))
  })
}

async function lastLines(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '')
  const lines = text.trimEnd().split('\n').slice(-LOG_LINES_SHOWN)
  return `Its last words (${logFile}):\n${lines.map((line) => `  ${line}`).join('\n')}`
}

/** The command line of a process, or null when there is no such process. */
async function commandLineOf(pid: number): Promise<string | null> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
  } catch {
    if (process.platform === 'linux') return null
  }
  return new Promise((resolve) => {
    const ps = spawn('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] })
    let text = ''
    ps.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    ps.once('error', () => resolve(null))
    ps.once('close', () => resolve(text.trim() || null))
  })
}

/**
 * Ends a server that a killed run has left behind. A process that merely has the same pid by now is let alone: its
 * command line doesn't name our directory.
 */
export async function endLeftOver(pidFile: string, dataDir: string, signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10)
  if (pid > 1 && (await isOurs(pid, dataDir))) {
    process.kill(pid, signal)
    const untilMs = Date.now() + STOP_TIMEOUT_MS
    while ((await isOurs(pid, dataDir)) && Date.now() < untilMs) await delay(POLL_MS)
    if (await isOurs(pid, dataDir)) process.kill(pid, 'SIGKILL')
    while (await isOurs(pid, dataDir)) await delay(POLL_MS)
  }
  await rm(pidFile, { force: true })
}

async function isOurs(pid: number, dataDir: string): Promise<boolean> {
  return (await commandLineOf(pid))?.includes(dataDir) ?? false
}

/** The port that was used before when it is free, else any free one; remembered in `<dir>/port`. */
export async function choosePort(dir: string): Promise<number> {
  const file = join(dir, 'port')
  const before = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10)
  const port = before > 0 && (await isFree(before)) ? before : await anyFreePort()
  await writeFile(file, `${port}\n`, { mode: 0o600 })
  return port
}

async function isFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== null
}

/** A port of loopback that nobody listens on now. */
export async function anyFreePort(): Promise<number> {
  return (await listenOnce(0))!
}

function listenOnce(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null))
    })
  })
}

/** A secret that is made once and kept in a file of its owner only. */
export async function keptPassword(file: string, make: () => string): Promise<string> {
  const known = (await readFile(file, 'utf8').catch(() => '')).trim()
  if (known !== '') return known
  const password = make()
  await writeFile(file, `${password}\n`, { mode: 0o600, flush: true })
  return password
}
