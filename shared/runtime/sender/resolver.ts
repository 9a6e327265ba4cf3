import { Resolver } from 'node:dns/promises'
import { LRUCache } from 'lru-cache'
import { type Address, parseAddress } from '../../domain/address-classes.ts'
import { SettingsError } from '../config.ts'

/** Which addresses are asked for, and which of them come first. */
export type IpStrategy = 'ipv4-and-ipv6' | 'ipv4-only' | 'ipv6-only' | 'ipv4-then-ipv6' | 'ipv6-then-ipv4'

export interface ResolverOptions {
  /** `address` or `address:port`; empty: the system's. */
  servers: readonly string[]
  strategy: IpStrategy
  timeoutMs: number
}

export interface ResolvedAddress {
  address: Address
  text: string
}

/** What a name leads to; every address that it has, so that each can be judged. */
export type Resolution =
  | { type: 'resolved'; addresses: readonly ResolvedAddress[] }
  | { type: 'no-address' }
  | { type: 'failed' }
  | { type: 'timed-out' }

export interface TargetResolver {
  /** Never rejects. Names are whole: no search domain is added, no hosts file is read. */
  resolve(name: string): Promise<Resolution>
}

type Family = 4 | 6

const FAMILIES: Record<IpStrategy, readonly Family[]> = {
  'ipv4-and-ipv6': [4, 6],
  'ipv4-only': [4],
  'ipv6-only': [6],
  'ipv4-then-ipv6': [4, 6],
  'ipv6-then-ipv4': [6, 4],
}
const LOOPBACK: Record<Family, string> = { 4: '127.0.0.1', 6: '::1' }
const NAMES_MAX = 10_000
/** Answers are kept no longer, whatever they say: each new connection should see what holds now. */
const POSITIVE_MAX_MS = 30_000
const NEGATIVE_MS = 2_000
const TRIES = 2
/** What says that the name is there without an address of this kind, or isn't there at all. */
const NO_ADDRESS_CODES = new Set(['ENODATA', 'ENOTFOUND'])

/** @throws {SettingsError} when a server is no address. */
export function createTargetResolver({ servers, strategy, timeoutMs }: ResolverOptions): TargetResolver {
  const resolver = new Resolver({ timeout: Math.max(1, Math.ceil(timeoutMs / TRIES)), tries: TRIES })
  setServers(resolver, servers)
  const families = FAMILIES[strategy]
  const known = new LRUCache<string, Resolution>({ max: NAMES_MAX })
  const asking = new Map<string, Promise<Resolution>>()

  async function ask(name: string): Promise<Resolution> {
    const answers = await Promise.all(families.map((family) => askFor(resolver, name, family)))
    const addresses: ResolvedAddress[] = []
    let leastTtlMs = POSITIVE_MAX_MS
    for (const answer of answers) {
      // Without an answer for one kind nobody can say that all its addresses are allowed.
      if (answer.type === 'failed') return answer
      addresses.push(...answer.addresses)
      leastTtlMs = Math.min(leastTtlMs, answer.ttlMs)
    }
    const resolution: Resolution = addresses.length === 0 ? { type: 'no-address' } : { type: 'resolved', addresses }
    const ttl = resolution.type === 'resolved' ? leastTtlMs : NEGATIVE_MS
    if (ttl > 0) known.set(name, resolution, { ttl })
    return resolution
  }

  return {
    resolve(name) {
      if (name === 'localhost' || name.endsWith('.localhost')) return Promise.resolve(loopback(families))
      const found = known.get(name)
      if (found !== undefined) return Promise.resolve(found)
      let pending = asking.get(name)
      if (pending === undefined) {
        pending = within(timeoutMs, ask(name)).finally(() => asking.delete(name))
        asking.set(name, pending)
      }
      return pending
    },
  }
}

function setServers(resolver: Resolver, servers: readonly string[]): void {
  if (servers.length === 0) return
  try {
    resolver.setServers(servers)
  } catch {
    throw new SettingsError('Settings: DNS_SERVERS takes addresses such as 9.9.9.9 or 127.0.0.1:5353, comma separated.')
  }
}

type Answer = { type: 'answered'; addresses: ResolvedAddress[]; ttlMs: number } | { type: 'failed' }

async function askFor(resolver: Resolver, name: string, family: Family): Promise<Answer> {
  try {
    const records = await (family === 4
      ? resolver.resolve4(name, { ttl: true })
      : resolver.resolve6(name, { ttl: true }))
    const addresses = records.map(({ address: text }) => ({ text, address: parseAddress(text) }))
    if (addresses.some(({ address }) => address === null)) return { type: 'failed' }
    return {
      type: 'answered',
      addresses: addresses as ResolvedAddress[],
      ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1_000,
    }
  } catch (error) {
    const isThere = NO_ADDRESS_CODES.has((error as NodeJS.ErrnoException).code ?? '')
    return isThere ? { type: 'answered', addresses: [], ttlMs: Number.POSITIVE_INFINITY } : { type: 'failed' }
  }
}

/** RFC 6761: these names are never asked for. */
function loopback(families: readonly Family[]): Resolution {
  const addresses = families.map((family) => ({ text: LOOPBACK[family], address: parseAddress(LOOPBACK[family])! }))
  return { type: 'resolved', addresses }
}

function within(limitMs: number, resolving: Promise<Resolution>): Promise<Resolution> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ type: 'timed-out' }), limitMs)
    resolving.then(
      (resolution) => {
        clearTimeout(timer)
        resolve(resolution)
      },
      () => resolve({ type: 'failed' }),
    )
  })
}
