import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

/** Runs Node with the given arguments, in the project if not told otherwise; resolves with its exit code. Signals are handed on. */
export function runNode(node, args, cwd = PROJECT) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { cwd, stdio: 'inherit' })
    // A terminal's Ctrl-C reaches the child by itself: we only wait for it to end in order.
    const wait = () => {}
    const handOn = (signal) => child.kill(signal)
    process.on('SIGINT', wait)
    process.on('SIGTERM', handOn)
    process.on('SIGHUP', handOn)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      process.off('SIGINT', wait)
      process.off('SIGTERM', handOn)
      process.off('SIGHUP', handOn)
      resolve(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}

export async function runSeries(node, commands) {
  for (const args of commands) {
    const code = await runNode(node, args)
    if (code !== 0) return code
  }
  return 0
}

/** Runs a command quietly; rejects with what it printed when it fails. */
export function runQuietly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let output = ''
    const keep = (chunk) => {
      output = (output + chunk).slice(-20_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(output.trim() || `${command} ended with code ${code}`)),
    )
  })
}

/** Shows that a slow step is under way, with the seconds it has taken; on a terminal in one line. */
export async function withProgress(step, work) {
  const startedMs = Date.now()
  const seconds = () => `${((Date.now() - startedMs) / 1000).toFixed(1)} s`
  const isTerminal = process.stderr.isTTY === true
  if (!isTerminal) process.stderr.write(`  ${step} …\n`)
  const timer = isTerminal ? setInterval(() => process.stderr.write(`\r  ${step} … ${seconds()} `), 200) : null
  try {
    const result = await work()
    process.stderr.write(`${isTerminal ? '\r' : ''}  ${step}: done in ${seconds()}\n`)
    return result
  } finally {
    if (timer) clearInterval(timer)
  }
}
