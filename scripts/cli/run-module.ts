import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Runs one of the project's programs in this process, as if it had been called with these arguments. */
export async function runModule(specifier: string, args: readonly string[]): Promise<void> {
  process.argv = [process.execPath, fileURLToPath(import.meta.resolve(specifier)), ...args]
  await import(specifier)
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs each in a process of its own. When one ends by itself the others are stopped, so that whoever looks after this
 * process sees it.
 * @returns the exit code: that of the first one to end, and not 0 when nobody had asked for it.
 */
export async function runProcesses(specifiers: readonly string[]): Promise<number> {
  let isStopping = false
  const children = specifiers.map((specifier) =>
    spawn(process.execPath, [fileURLToPath(import.meta.resolve(specifier))], { stdio: 'inherit' }),
  )
  const stopAll = (signal: NodeJS.Signals) => {
    isStopping = true
    for (const child of children) child.kill(signal)
  }
  for (const signal of STOP_SIGNALS) process.on(signal, () => stopAll(signal))
  const ends = children.map(async (child) => {
    const [code] = (await once(child, 'exit')) as [number | null]
    return code
  })
  const first = await Promise.race(ends)
  const wasAsked = isStopping
  stopAll('SIGTERM')
  await Promise.all(ends)
  return wasAsked ? 0 : (first ?? 1) || 1
}
