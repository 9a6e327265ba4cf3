import {
  type Address,
  type AddressClass,
  type AddressRange,
  classOf,
  isInRange,
  parseAddress,
} from './address-classes.ts'

/** Where requests may go: the operator's settings. */
export interface TargetRules {
  /** False: to every address. */
  isAddressChecked: boolean
  isHttpAllowed: boolean
  isNat64Judged: boolean
  /** Addresses that are allowed whatever class they are of. */
  allowed: readonly AddressRange[]
  /** Addresses that are refused whatever else is allowed. */
  refused: readonly AddressRange[]
  /** Addresses of this host and of our own servers: refused unless they are allowed. */
  own: readonly AddressRange[]
  /** Ports that are allowed though they are those of other protocols, or below 1024. */
  allowedPorts: ReadonlySet<number>
  /** Ports of our own servers: refused at our own addresses, also where these are allowed. */
  ownPorts: ReadonlySet<number>
}

/** The parts of a URL that a connection is made by. */
export interface TargetEndpoint {
  isTls: boolean
  /** A name, or an address without brackets. */
  host: string
  /** Null: `host` is a name. */
  address: Address | null
  port: number
}

/** Why an address is refused. For our own log: tenants are told `FORBIDDEN_ADDRESS` whatever it was. */
export type AddressRefusal =
  | Exclude<AddressClass, 'public'>
  | 'refused by setting'
  | 'own address'
  | 'own port'
  | 'port'

/** What tenants are told of a refused address (contract, behaviour.md §7). */
export const FORBIDDEN_ADDRESS = 'URL resolves to a forbidden IP'

const HOST_CHARACTERS_MAX = 253
const WEB_PORTS = new Set([80, 443])
/** What listens there is seldom a receiver of webhooks, and may take a request for something else. */
const OTHER_PROTOCOLS = new Set([
  22, 25, 53, 110, 143, 389, 445, 465, 587, 993, 995, 1433, 2049, 2375, 2376, 2379, 2380, 3306, 4222, 5432, 5984, 6222,
  6379, 6443, 8222, 8500, 9000, 9200, 10250, 11211, 27017,
])
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
const INTERNAL_SUFFIXES = [
  'local',
  'internal',
  'localhost',
  'svc',
  'home.arpa',
  'onion',
  'cluster.local',
  'lan',
  'intranet',
]

/**
 * Reads a target's URL by the WHATWG rules. What these repair without a word (line breaks, backslashes, missing slashes,
 * an address in octal) is refused on the raw text: other programs read it otherwise.
 * @returns the URL, or a sentence that says what is wrong with it.
 */
export function parseTargetUrl(raw: string): URL | string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
  if (/[\u0000-\u0020\u007f\\]/.test(raw))
    return 'target.url must not contain white space, control characters or backslashes'
  const url = URL.canParse(raw) ? new URL(raw) : null
  if (url === null || url.hostname === '') return 'target.url must be an absolute URL with a host'
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'target.url must begin with http:// or https://'
  const [, authority] = /^https?:\/\/([^/?#]+)/i.exec(raw) ?? []
  if (authority === undefined) return 'target.url must have a host right after http:// or https://'
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '')
  if (isRepaired(host, url.hostname)) return `target.url must name its host as ${url.hostname}`
  return url
}

/** Whether the URL parser has taken the host for something else than what is written there. */
function isRepaired(raw: string, hostname: string): boolean {
  if (parseAddress(hostname) !== null) return raw !== hostname
  if (raw.includes('%')) return true
  return [...raw].some(
    (character) =>
      character > '\u007f' &&
      // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what this looks for.
      (/[\u0000-\u007f\u3002]/.test(character.normalize('NFKC')) ||
        /\p{Default_Ignorable_Code_Point}/u.test(character)),
  )
}

export function endpointOf({
  protocol,
  hostname,
  port,
}: {
  protocol: string
  hostname: string
  port: string
}): TargetEndpoint {
  const isTls = protocol === 'https:'
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return { isTls, host, address: parseAddress(host), port: port === '' ? (isTls ? 443 : 80) : Number(port) }
}

/** What is wrong with a URL as it stands, before any name is looked up. @returns a sentence for the tenant, or null. */
export function refusalOfUrl(url: URL, rules: TargetRules): string | null {
  if (url.username !== '' || url.password !== '')
    return 'It must not hold a user name or password; use a header instead'
  const endpoint = endpointOf(url)
  const refusal = refusalOfEndpoint(endpoint, rules)
  if (refusal !== null) return refusal
  if (endpoint.address === null) return null
  const why = refusalOfAddress(endpoint.address, endpoint.port, rules)
  if (why === null) return null
  return why === 'port' ? portSentence(endpoint.port) : FORBIDDEN_ADDRESS
}

/** What is wrong with scheme, name and port, whatever the name resolves to. @returns a sentence for the tenant, or null. */
export function refusalOfEndpoint({ isTls, host, address, port }: TargetEndpoint, rules: TargetRules): string | null {
  if (!isTls && !rules.isHttpAllowed) return 'It must begin with https://'
  if (port === 0 || (OTHER_PROTOCOLS.has(port) && !rules.allowedPorts.has(port))) return portSentence(port)
  if (address !== null) return null
  if (!isPublicName(host) && !(isInsideAllowed(rules) && isName(host)))
    return 'Its host must be a public name, such as hooks.example.com'
  return isWebPort(port, rules) || isInsideAllowed(rules) ? null : portSentence(port)
}

/** Why no request may go to an address. @returns null when one may. */
export function refusalOfAddress(address: Address, port: number, rules: TargetRules): AddressRefusal | null {
  const isIn = (ranges: readonly AddressRange[]) => ranges.some((range) => isInRange(address, range))
  const addressClass = classOf(address, rules)
  const isOwn = addressClass === 'loopback' || addressClass === 'unspecified' || isIn(rules.own)
  if (isOwn && rules.ownPorts.has(port)) return 'own port'
  if (isIn(rules.refused)) return 'refused by setting'
  if (!rules.isAddressChecked || isIn(rules.allowed)) return null
  if (addressClass !== 'public') return addressClass
  if (isOwn) return 'own address'
  return isWebPort(port, rules) ? null : 'port'
}

/** Whether addresses are allowed that only the operator's own names lead to. */
export function isInsideAllowed({ isAddressChecked, allowed }: TargetRules): boolean {
  return !isAddressChecked || allowed.length > 0
}

function isWebPort(port: number, { allowedPorts }: TargetRules): boolean {
  return port >= 1024 || WEB_PORTS.has(port) || allowedPorts.has(port)
}

function isName(host: string): boolean {
  return host.length <= HOST_CHARACTERS_MAX && host.split('.').every((label) => LABEL.test(label))
}

function isPublicName(host: string): boolean {
  return isName(host) && host.includes('.') && !INTERNAL_SUFFIXES.some((suffix) => host.endsWith(`.${suffix}`))
}

function portSentence(port: number): string {
  return `Port ${port} is not allowed: use 443, 80 or one from 1024 on that is no other protocol's`
}
