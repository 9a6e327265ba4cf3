import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export interface WatchOptions {
  pid: number
  /** What strace writes goes here. */
  file: string
  calls: readonly string[]
  /** Bytes of written data that are shown. */
  shownBytes: number
}

/** A watch over some of a process' system calls, or the reason why there can't be one. */
export async function watchCalls({ pid, file, calls, shownBytes }: WatchOptions): Promise<ChildProcess | string> {
  const trace = `trace=${calls.join(',')}`
  const strace = spawn('strace', ['-f', '-y', '-s', String(shownBytes), '-e', trace, '-o', file, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  type Outcome = ChildProcess | string
  const ended = once(strace, 'exit').then((): Outcome => 'strace may not watch another process here')
  const failed = once(strace, 'error').then((): Outcome => 'strace is not installed')
  const attached = once(strace.stderr, 'data').then(([text]): Outcome | Promise<Outcome> =>
    /attached/.test(String(text)) ? strace : ended,
  )
  return Promise.race([failed, attached, ended])
}
