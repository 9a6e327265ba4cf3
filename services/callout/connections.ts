import type { NatsConnection } from '@nats-io/transport-node'

/** A connection of an application, as a server lists it. */
export interface ClientConnection {
  serverId: string
  clientId: number
  /** As the auth callout has called it. */
  name: string
}

interface Listing {
  server?: { id?: string }
  data?: { total: number; connections: { cid: number; account?: string; authorized_user?: string }[] }
  error?: { description?: string }
}

const PAGE = 1_024
/** Servers of a cluster answer each for itself; how many there are, nobody says. */
const ANSWERS_MAX_WAIT_MS = 1_000
const ANSWERS_GAP_MS = 250
const TIMEOUT_MS = 2_000

/**
 * All connections in an account, of all servers.
 * @throws {Error} when no server answers.
 */
export async function listConnections(system: NatsConnection, account: string): Promise<ClientConnection[]> {
  const found: ClientConnection[] = []
  const ask = (offset: number) => JSON.stringify({ acc: account, auth: true, sort: 'cid', limit: PAGE, offset })
  const answers = await system.requestMany('$SYS.REQ.SERVER.PING.CONNZ', ask(0), {
    strategy: 'stall',
    stall: ANSWERS_GAP_MS,
    maxWait: ANSWERS_MAX_WAIT_MS,
  })
  const servers: { id: string; total: number }[] = []
  for await (const answer of answers) {
    const { id, total, connections } = pageOf(answer.string(), account)
    found.push(...connections)
    servers.push({ id, total })
  }
  if (servers.length === 0) throw new Error('no server lists its connections')
  for (const { id, total } of servers)
    for (let offset = PAGE; offset < total; offset += PAGE) {
      const answer = await system.request(`$SYS.REQ.SERVER.${id}.CONNZ`, ask(offset), { timeout: TIMEOUT_MS })
      found.push(...pageOf(answer.string(), account).connections)
    }
  return found
}

function pageOf(text: string, account: string): { id: string; total: number; connections: ClientConnection[] } {
  const { server, data, error } = JSON.parse(text) as Listing
  if (error || !data || !server?.id)
    throw new Error(`a server does not list its connections: ${error?.description ?? 'no data'}`)
  const serverId = server.id
  const connections = data.connections
    .filter((each) => each.account === account)
    .map(({ cid, authorized_user: name = '' }) => ({ serverId, clientId: cid, name }))
  return { id: serverId, total: data.total, connections }
}

/** The client is told nothing; it connects anew, if it may. */
export async function endConnection(system: NatsConnection, { serverId, clientId }: ClientConnection): Promise<void> {
  await system.request(`$SYS.REQ.SERVER.${serverId}.KICK`, JSON.stringify({ cid: clientId }), { timeout: TIMEOUT_MS })
}
