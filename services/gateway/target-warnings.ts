import { endpointOf, refusalOfAddress } from '#shared/domain/target-url.ts'
import { createTargetResolver } from '#shared/runtime/sender/resolver.ts'
import type { TargetsConfig } from './config.ts'

/** Whoever writes a subscription waits no longer than this for a look at its name. */
const LOOK_UP_TIMEOUT_MS = 1_000

/**
 * What is to be said of a target's name at the time of writing: it may lead elsewhere by the time of a delivery, so this refuses
 * nothing (contract, model.md). Without an answer in time nothing is said.
 */
export function createTargetWarnings({ rules, dns }: TargetsConfig) {
  const resolver = dns && createTargetResolver({ ...dns, timeoutMs: Math.min(dns.timeoutMs, LOOK_UP_TIMEOUT_MS) })

  return async function targetWarnings(url: string): Promise<{ warnings?: string[] }> {
    const { address, host, port } = endpointOf(new URL(url))
    if (address !== null || resolver === null) return {}
    const resolution = await resolver.resolve(host)
    if (resolution.type !== 'resolved') return {}
    const isForbidden = resolution.addresses.some((each) => refusalOfAddress(each.address, port, rules) !== null)
    if (!isForbidden) return {}
    return { warnings: [`${host} resolves to a forbidden IP now: deliveries fail until it doesn't.`] }
  }
}
