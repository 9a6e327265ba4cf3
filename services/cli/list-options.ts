import type { Command } from 'commander'
import { positiveInteger } from './parse-values.ts'

export interface ListOptions {
  limit: number
  all?: true
}

export function addListOptions(command: Command): Command {
  return command
    .option('--limit <n>', 'how many at the most', positiveInteger, 50)
    .option('--all', 'all of them, however many')
}

export function limitOf({ limit, all }: ListOptions): number {
  return all ? Number.POSITIVE_INFINITY : limit
}
