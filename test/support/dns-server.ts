import { createSocket, type RemoteInfo } from 'node:dgram'
import { parseAddress } from '#shared/domain/address-classes.ts'

/** What a name is answered with: addresses (those of the kind that was asked for are sent), or trouble. */
export type DnsAnswer = { addresses: string[]; ttl?: number; cname?: string } | 'nxdomain' | 'servfail' | 'silence'

export interface DnsServer {
  /** For DNS_SERVERS. */
  address: string
  /** Questions for addresses of a name so far. */
  asked(name: string): number
  close(): Promise<void>
}

const TYPES = { A: 1, CNAME: 5, AAAA: 28 }
const CODES = { nxdomain: 3, servfail: 2 }

/** A DNS server on loopback. @param answer By name and how often its IPv4 addresses have been asked for: it may rebind. */
export async function startDnsServer(answer: (name: string, count: number) => DnsAnswer): Promise<DnsServer> {
  const counts = new Map<string, number>()
  const socket = createSocket('udp4')
  socket.on('message', (query: Buffer, from: RemoteInfo) => {
    const { name, type, end } = readQuestion(query)
    if (type === TYPES.A) counts.set(name, (counts.get(name) ?? 0) + 1)
    const given = answer(name, counts.get(name) ?? 0)
    if (given !== 'silence') socket.send(reply(query, end, type, given), from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  socket.unref()
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked: (name) => counts.get(name) ?? 0,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

function readQuestion(query: Buffer) {
  const labels: string[] = []
  let at = 12
  while (query[at] !== 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!))
    at += 1 + query[at]!
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function reply(query: Buffer, questionEnd: number, type: number, answer: Exclude<DnsAnswer, 'silence'>): Buffer {
  const { addresses, ttl = 0, cname } = typeof answer === 'string' ? { addresses: [] } : answer
  const bytes = addresses
    .map((text) => Buffer.from(parseAddress(text)!))
    .filter(({ length }) => length === (type === TYPES.A ? 4 : 16))
  const records = cname === undefined ? [] : [record(POINTER_TO_QUESTION, TYPES.CNAME, ttl, nameBytes(cname))]
  const owner = cname === undefined ? POINTER_TO_QUESTION : nameBytes(cname)
  records.push(...bytes.map((data) => record(owner, type, ttl, data)))
  const header = Buffer.from(query.subarray(0, 12))
  header.writeUInt16BE(0x8180 | (typeof answer === 'string' ? CODES[answer] : 0), 2)
  header.writeUInt16BE(records.length, 6)
  header.writeUInt32BE(0, 8)
  return Buffer.concat([header, query.subarray(12, questionEnd), ...records])
}

const POINTER_TO_QUESTION = Buffer.from([0xc0, 12])

function nameBytes(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  return Buffer.concat([...labels, Buffer.from([0])])
}

function record(owner: Buffer, type: number, ttl: number, data: Buffer): Buffer {
  const fields = Buffer.alloc(10)
  fields.writeUInt16BE(type, 0)
  fields.writeUInt16BE(1, 2)
  fields.writeUInt32BE(ttl, 4)
  fields.writeUInt16BE(data.length, 8)
  return Buffer.concat([owner, fields, data])
}
