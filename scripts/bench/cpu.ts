import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100

/** CPU seconds that a process (with its children that have ended) has used; 0 where /proc is not to be had. */
export function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND
  } catch {
    return 0
  }
}

/** MB of memory that a process has in RAM; 0 where /proc is not to be had. */
export function residentMb(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kilobytes ?? 0) / 1_024
  } catch {
    return 0
  }
}

/** The pids of a process and of all that it has started: Postgres works in many. */
export function processTree(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number)
    return [pid, ...children.flatMap(processTree)]
  } catch {
    return [pid]
  }
}

/** What processes use from now on. @param pids Of each the process and all that it has started. */
export function startCpuMeter(pids: Record<string, number>) {
  const read = () =>
    Object.fromEntries(
      Object.entries(pids).map(([name, pid]) => [
        name,
        processTree(pid).reduce((sum, each) => sum + cpuSeconds(each), 0),
      ]),
    )
  const before = read()
  return {
    /** In µs for one of `count` events. @param others CPU seconds of processes that have ended. */
    perEvent(count: number, others: Record<string, number | undefined> = {}): Record<string, number> {
      const used = Object.entries(read()).map(([name, seconds]) => [name, seconds - (before[name] ?? 0)] as const)
      const all = [...used, ...Object.entries(others)]
      return Object.fromEntries(all.map(([name, seconds]) => [name, ((seconds ?? 0) / count) * 1e6]))
    },
  }
}
