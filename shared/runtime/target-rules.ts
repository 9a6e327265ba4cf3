import { networkInterfaces } from 'node:os'
import { type AddressRange, parseAddress, parseRange } from '../domain/address-classes.ts'
import type { TargetRules } from '../domain/target-url.ts'
import { type Settings, SettingsError } from './config.ts'

/**
 * Where requests may go, by the settings and by what this host is.
 * @throws {SettingsError} when a list can't be read.
 */
export function targetRules(settings: Settings): TargetRules {
  const own = ownServers(settings)
  return {
    isAddressChecked: !settings.DISABLE_TARGET_IP_CHECK,
    isHttpAllowed: !settings.TARGET_REQUIRE_HTTPS,
    isNat64Judged: settings.TARGET_JUDGE_NAT64,
    allowed: rangesOf('TARGET_ALLOWED_CIDRS', settings.TARGET_ALLOWED_CIDRS),
    refused: rangesOf('TARGET_REFUSED_CIDRS', settings.TARGET_REFUSED_CIDRS),
    own: [...hostAddresses(), ...own.flatMap(({ address }) => address ?? [])],
    allowedPorts: portsOf('TARGET_ALLOWED_PORTS', settings.TARGET_ALLOWED_PORTS),
    ownPorts: new Set(own.map(({ port }) => port)),
  }
}

function rangesOf(name: string, text: string): AddressRange[] {
  try {
    return listOf(text).map(parseRange)
  } catch (error) {
    throw new SettingsError(`Settings: ${name}: ${(error as Error).message}.`)
  }
}

function portsOf(name: string, text: string): Set<number> {
  const ports = listOf(text).map((part) => (/^\d{1,5}$/.test(part) ? Number(part) : Number.NaN))
  if (ports.some((port) => !(port >= 1 && port <= 65_535)))
    throw new SettingsError(`Settings: ${name} takes ports from 1 to 65535, comma separated.`)
  return new Set(ports)
}

function hostAddresses(): AddressRange[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .flatMap(({ address }) => rangeOf(address) ?? [])
}

/** The API, and the servers behind it; those that have a name and no address are known by their port alone. */
function ownServers({ PORT, NATS_URL, DATABASE_URL }: Settings): { address: AddressRange | null; port: number }[] {
  const api = PORT === 0 ? [] : [{ address: null, port: PORT }]
  const others = [...listOf(NATS_URL).map((text) => [text, 4222] as const), [DATABASE_URL, 5432] as const]
  return [
    ...api,
    ...others.flatMap(([text, usualPort]) => {
      const url = URL.parse(text.includes('://') ? text : `nats://${text}`)
      if (url === null || url.hostname === '') return []
      return [{ address: rangeOf(url.hostname.replace(/^\[|\]$/g, '')), port: Number(url.port) || usualPort }]
    }),
  ]
}

function rangeOf(text: string): AddressRange | null {
  const base = parseAddress(text)
  return base === null ? null : { base, bits: base.length * 8 }
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
