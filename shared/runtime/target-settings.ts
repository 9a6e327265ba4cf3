import { Type } from 'typebox'
import { flag, integer, text } from './setting.ts'

const group = 'Delivery'

/** Settings of where requests may go and how long their steps may take: docs/addresses.md. */
export const TARGET_SETTINGS = {
  DISABLE_TARGET_IP_CHECK: flag(false, {
    group,
    description: 'Lets requests go to every address, private ones included: for closed networks only',
  }),
  TARGET_ALLOWED_CIDRS: text('', {
    group,
    description:
      'Comma separated addresses or CIDRs that requests may go to though they are not public; npm start: 127.0.0.0/8,::1/128',
  }),
  TARGET_REFUSED_CIDRS: text('', {
    group,
    description: 'Comma separated addresses or CIDRs that no request may go to, whatever else is allowed',
  }),
  TARGET_ALLOWED_PORTS: text('', {
    group,
    description: 'Comma separated ports that requests may go to beside 443, 80 and those from 1024 on',
  }),
  TARGET_REQUIRE_HTTPS: flag(false, { group, description: 'Whether targets must begin with https://' }),
  TARGET_JUDGE_NAT64: flag(false, {
    group,
    description: 'Judges addresses of 64:ff9b::/96 by the IPv4 address in them: for hosts behind NAT64',
  }),
  EGRESS_PROXY_URL: text('', {
    group,
    sensitive: true,
    description: 'http:// or https:// proxy that all requests go through, by CONNECT; names are then resolved by it',
  }),
  DNS_IP_STRATEGY: Type.Union(
    [
      Type.Literal('ipv4-and-ipv6'),
      Type.Literal('ipv4-only'),
      Type.Literal('ipv6-only'),
      Type.Literal('ipv4-then-ipv6'),
      Type.Literal('ipv6-then-ipv4'),
    ],
    {
      default: 'ipv4-and-ipv6',
      group,
      description: "Which addresses of a target's name are asked for and tried first",
    },
  ),
  DNS_SERVERS: text('', {
    group,
    description: "Comma separated DNS servers (address or address:port) for targets' names; not set: the system's",
  }),
  DNS_TIMEOUT_MS: integer(
    2000,
    { minimum: 10, maximum: 60000 },
    { group, description: "Milliseconds to resolve a target's name" },
  ),
  TLS_TIMEOUT_MS: integer(
    5000,
    { minimum: 10, maximum: 60000 },
    { group, description: 'Milliseconds for the TLS handshake with a receiver, after connecting' },
  ),
  FIRST_BYTE_TIMEOUT_MS: integer(
    15000,
    { minimum: 10, maximum: 600000 },
    {
      group,
      description:
        "Milliseconds from a request to the head of its answer, within DELIVERY_TIMEOUT_MS; a subscription's own time-out replaces both",
    },
  ),
}
