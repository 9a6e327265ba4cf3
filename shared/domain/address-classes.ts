import ipaddr from 'ipaddr.js'

/** An IP address: 4 or 16 bytes. */
export type Address = readonly number[]

/** The addresses whose first `bits` bits are those of `base`. */
export interface AddressRange {
  base: Address
  bits: number
}

/** What kind of address it is; everything but `public` is refused unless it is allowed by a setting. */
export type AddressClass =
  | 'public'
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'shared'
  | 'link-local'
  | 'multicast'
  | 'documentation'
  | 'benchmark'
  | 'special'
  | 'reserved'
  | 'embedding'
  | 'cloud'

/** Longest form of an IPv6 address in text. */
const TEXT_MAX = 45

/**
 * Reads an address in its canonical form: four decimal parts, or IPv6 without a zone and without brackets.
 * @returns null for every other form, also those that some programs take for an address.
 */
export function parseAddress(text: string): Address | null {
  if (text.length > TEXT_MAX) return null
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text).toByteArray()
  if (text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text))
    return ipaddr.IPv6.parse(text).toByteArray()
  return null
}

/**
 * Reads `10.0.0.0/8`, `fd00::/8` or a single address.
 * @throws {RangeError} when it is none of these, or has bits behind its prefix.
 */
export function parseRange(text: string): AddressRange {
  const [addressText, bitsText, ...rest] = text.trim().split('/')
  const base = parseAddress(addressText ?? '')
  const bits = bitsText === undefined ? (base?.length ?? 0) * 8 : /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : -1
  if (base === null || rest.length > 0 || bits < 0 || bits > base.length * 8)
    throw new RangeError(`'${text.trim()}' is no address range such as 10.0.0.0/8 or ::1/128`)
  if (base.some((byte, i) => (byte & ~maskOf(bits, i) & 0xff) !== 0))
    throw new RangeError(`'${text.trim()}' has bits set behind its first ${bits}`)
  return { base, bits }
}

/** The part of a prefix of `bits` bits that lies in the byte with this index. */
function maskOf(bits: number, index: number): number {
  const ofByte = Math.min(8, Math.max(0, bits - index * 8))
  return (0xff00 >> ofByte) & 0xff
}

/** A range of one family never holds an address of the other: `::ffff:10.0.0.1` is not in `10.0.0.0/8`. */
export function isInRange(address: Address, { base, bits }: AddressRange): boolean {
  if (address.length !== base.length) return false
  for (let i = 0; i * 8 < bits; i++) if (((address[i]! ^ base[i]!) & maskOf(bits, i)) !== 0) return false
  return true
}

type ClassTable = readonly (readonly [AddressClass, readonly AddressRange[]])[]

const table = (classes: Partial<Record<AddressClass, string>>): ClassTable =>
  Object.entries(classes).map(([name, ranges]) => [name as AddressClass, ranges.split(' ').map(parseRange)])

/** IANA's registry of special addresses (RFC 6890, 8190), and public addresses at which clouds answer their own guests. */
const IPV4: ClassTable = table({
  unspecified: '0.0.0.0/8',
  loopback: '127.0.0.0/8',
  private: '10.0.0.0/8 172.16.0.0/12 192.168.0.0/16',
  shared: '100.64.0.0/10',
  'link-local': '169.254.0.0/16',
  multicast: '224.0.0.0/4',
  documentation: '192.0.2.0/24 198.51.100.0/24 203.0.113.0/24',
  benchmark: '198.18.0.0/15',
  special: '192.0.0.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.175.48.0/24',
  reserved: '240.0.0.0/4',
  cloud: '168.63.129.16/32',
})

/** Named for the log alone: outside 2000::/3 everything is refused. */
const IPV6: ClassTable = table({
  unspecified: '::/128',
  loopback: '::1/128',
  private: 'fc00::/7',
  'link-local': 'fe80::/10 fec0::/10',
  multicast: 'ff00::/8',
  embedding: '::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2001::/32 2002::/16',
  documentation: '2001:db8::/32 3fff::/20',
  benchmark: '2001:2::/48',
  special: '2001::/23 2620:4f:8000::/48 100::/64 100:0:0:1::/64 5f00::/16',
})

const GLOBAL_UNICAST = parseRange('2000::/3')
const NAT64 = parseRange('64:ff9b::/96')

export interface ClassRules {
  /** Behind NAT64 an address of 64:ff9b::/96 is judged by the IPv4 address that it carries; elsewhere it is refused. */
  isNat64Judged: boolean
}

/** The class of an address by its bytes alone. */
export function classOf(address: Address, { isNat64Judged }: ClassRules = { isNat64Judged: false }): AddressClass {
  if (address.length === 4) return findClass(IPV4, address) ?? 'public'
  if (isNat64Judged && isInRange(address, NAT64)) return classOf(address.slice(12))
  const special = findClass(IPV6, address)
  if (special !== null) return special
  if (!isInRange(address, GLOBAL_UNICAST)) return 'reserved'
  return isIsatap(address) && classOf(address.slice(12)) !== 'public' ? 'embedding' : 'public'
}

function findClass(classes: ClassTable, address: Address): AddressClass | null {
  for (const [name, ranges] of classes) if (ranges.some((range) => isInRange(address, range))) return name
  return null
}

/** ISATAP (RFC 5214): an interface id of 0:5efe or 200:5efe and an IPv4 address, behind any prefix. */
function isIsatap(address: Address): boolean {
  return (address[8]! & 0xfd) === 0 && address[9] === 0 && address[10] === 0x5e && address[11] === 0xfe
}
