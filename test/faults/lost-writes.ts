import { rm, stat, truncate } from 'node:fs/promises'

/** System calls of a log from which `unsyncedFiles` can tell what is on the disk. */
export const FILE_CALLS = [
  'openat',
  'write',
  'pwrite64',
  'writev',
  'pwritev',
  'fsync',
  'fdatasync',
  'ftruncate',
  'rename',
  'renameat',
  'renameat2',
  'unlink',
  'unlinkat',
]

interface WrittenFile {
  bytes: number
  /** What was written before the last fsync began. */
  syncedBytes: number
  /** Written since then, be it over what was there. */
  isDirty: boolean
}

export interface UnsyncedFile {
  path: string
  /** As long as it was at its last fsync; 0 without one. */
  syncedBytes: number
}

/** A call and its answer; of one that other threads came in between of, `begin` comes first and the answer by itself. */
interface Call {
  thread: string
  name: string
  /** What follows the bracket. */
  rest: string
  /** Null: under way. */
  answer: number | null
}

function parseCall(line: string): Call | null {
  const [, thread, name, rest] = /^(\d+) +(\w+)\((.*)$/.exec(line) ?? []
  if (thread === undefined || name === undefined || rest === undefined) return null
  const answer = /\) += (-?\d+)/.exec(rest)?.[1]
  return { thread, name, rest, answer: answer === undefined ? null : Number(answer) }
}

/**
 * Files that were written and not fsynced since, by the log of `strace -f -y`. A write counts from its begin, an fsync for what
 * was there at its begin and only once it has ended: in doubt, something is not on the disk.
 */
export function unsyncedFiles(log: string): UnsyncedFile[] {
  const files = new Map<string, WrittenFile>()
  /** By thread: the fsync under way, and what will be on the disk after it. */
  const syncing = new Map<string, { file: WrittenFile; bytes: number }>()

  function fileOf(path: string): WrittenFile {
    const file = files.get(path) ?? { bytes: 0, syncedBytes: 0, isDirty: false }
    files.set(path, file)
    return file
  }

  function write(path: string, bytes: number, offset: number | null): void {
    const file = fileOf(path)
    const end = (offset ?? file.bytes) + bytes
    // What was there before the watch began is on the disk.
    if (!file.isDirty && file.syncedBytes === 0 && offset !== null && file.bytes === 0) file.syncedBytes = offset
    file.bytes = Math.max(file.bytes, end)
    file.isDirty = true
  }

  function endSync(thread: string): void {
    const ended = syncing.get(thread)
    syncing.delete(thread)
    if (!ended) return
    ended.file.syncedBytes = ended.bytes
    ended.file.isDirty = ended.file.bytes > ended.bytes
  }

  for (const line of log.split('\n')) {
    const [, resumedThread] = /^(\d+) +<\.\.\. f(?:data)?sync resumed>.* = 0$/.exec(line) ?? []
    if (resumedThread) endSync(resumedThread)
    const call = parseCall(line)
    if (call === null) continue
    const { thread, name, rest, answer } = call
    const path = /^\d+<([^>]*)>/.exec(rest)?.[1] ?? ''
    const quoted = [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]!)
    switch (name) {
      case 'openat':
        if (answer !== null && answer >= 0 && rest.includes('O_TRUNC'))
          files.set(quoted[0]!, { bytes: 0, syncedBytes: 0, isDirty: true })
        break
      case 'write':
        if (path.startsWith('/')) write(path, lastNumbers(rest)[0] ?? 0, null)
        break
      case 'pwrite64': {
        const [bytes = 0, offset = 0] = lastNumbers(rest)
        write(path, bytes, offset)
        break
      }
      case 'ftruncate':
        fileOf(path).bytes = lastNumbers(rest)[0] ?? 0
        fileOf(path).isDirty = true
        break
      case 'fsync':
      case 'fdatasync':
        syncing.set(thread, { file: fileOf(path), bytes: fileOf(path).bytes })
        if (answer === 0) endSync(thread)
        else if (answer !== null) syncing.delete(thread)
        break
      case 'rename':
      case 'renameat':
      case 'renameat2': {
        const [from, to] = quoted.filter((each) => each.startsWith('/'))
        const moved = files.get(from ?? '')
        if (moved && to) files.set(to, moved)
        files.delete(from ?? '')
        break
      }
      case 'unlink':
      case 'unlinkat':
        files.delete(quoted[0] ?? '')
        break
    }
  }
  return [...files].flatMap(([path, { isDirty, syncedBytes }]) => (isDirty ? [{ path, syncedBytes }] : []))
}

/** The numbers after a call's last text, without its answer: a count, and perhaps a place. */
function lastNumbers(rest: string): number[] {
  const given = rest.replace(/ <unfinished \.\.\.>$/, '').replace(/\) += .*$/, '')
  const tail = given.slice(Math.max(given.lastIndexOf('"'), given.lastIndexOf('>')) + 1)
  return [...tail.matchAll(/\d+/g)].map(Number)
}

/** Files that the server makes anew when they are missing. */
const DERIVED = /\/(?:o\.dat|index\.db|sched\.db|thw\.db|[^/]*\.tmp)$/

/** Makes the files as they are after a loss of power. @returns what was cut off or removed, with its bytes. */
export async function loseUnsynced(files: readonly UnsyncedFile[]): Promise<{ path: string; lostBytes: number }[]> {
  const lost: { path: string; lostBytes: number }[] = []
  for (const { path, syncedBytes } of files) {
    const bytes = await stat(path).then(
      (found) => found.size,
      () => null,
    )
    if (bytes === null) continue
    if (DERIVED.test(path)) await rm(path)
    else if (bytes > syncedBytes) await truncate(path, syncedBytes)
    else continue
    lost.push({ path, lostBytes: bytes - syncedBytes })
  }
  return lost
}
