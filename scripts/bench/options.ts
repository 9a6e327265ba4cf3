import { parseArgs } from 'node:util'

export interface BenchOptions {
  /** In the order in which they run. */
  names: string[]
  isQuick: boolean
  isJson: boolean
  runs: number
  /** Where CPU profiles and flame graphs go; null: none are made. */
  profileFolder: string | null
  /** Instead of a scenario's own size. */
  size: number | null
  /** Another system, to be driven through its public API; null: a jethook that the bench starts. */
  peer: PeerOptions | null
}

export interface PeerOptions {
  name: string
  url: string
  token: string
  /** Hook0's application, Convoy's project, …; empty: the adapter makes one where it can. */
  application: string
}

/** A command line that can't be followed; the message says what to write instead. */
export class BenchUsageError extends Error {
  override name = 'BenchUsageError'
}

const SPECIFICATION = {
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  only: { type: 'string' },
  size: { type: 'string' },
  runs: { type: 'string', default: '1' },
  profile: { type: 'boolean', default: false },
  target: { type: 'string' },
  url: { type: 'string' },
  token: { type: 'string', default: '' },
  application: { type: 'string', default: '' },
} as const

const RUNS_MAX = 100
const PROFILE_FOLDER = 'bench-profiles'

/** @throws {BenchUsageError} */
export function readOptions(
  args: string[],
  { known, usual, peers, ofPeers }: { known: string[]; usual: string[]; peers: string[]; ofPeers: string[] },
): BenchOptions {
  const values = parse(args)
  const peer = readPeer(values, peers)
  const isKnown = peer === null ? known : ofPeers
  const names = values.only ? values.only.split(',') : peer === null ? usual : ofPeers
  const unknown = names.find((name) => !isKnown.includes(name))
  if (unknown !== undefined)
    throw new BenchUsageError(`There is no scenario '${unknown}' here; there are ${isKnown.join(', ')}.`)
  if (values.size !== undefined && names.length !== 1)
    throw new BenchUsageError('--size is of one scenario: say which one with --only.')
  return {
    names,
    isQuick: values.quick,
    isJson: values.json,
    runs: count('--runs', values.runs, RUNS_MAX),
    profileFolder: values.profile ? PROFILE_FOLDER : null,
    size: values.size === undefined ? null : count('--size', values.size, Number.MAX_SAFE_INTEGER),
    peer,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: SPECIFICATION }).values
  } catch (error) {
    throw new BenchUsageError((error as Error).message)
  }
}

function readPeer(
  { target, url, token, application }: ReturnType<typeof parse>,
  peers: readonly string[],
): PeerOptions | null {
  if (target === undefined) return null
  if (!peers.includes(target)) throw new BenchUsageError(`--target takes ${peers.join(', ')}, not '${target}'.`)
  if (url === undefined || !URL.canParse(url))
    throw new BenchUsageError(`--target ${target} needs --url, such as --url http://127.0.0.1:8080.`)
  return { name: target, url: url.replace(/\/+$/, ''), token, application }
}

function count(name: string, text: string, max: number): number {
  const value = Number(text.replaceAll('_', ''))
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new BenchUsageError(`${name} takes a whole number from 1 on, not '${text}'.`)
  return value
}
