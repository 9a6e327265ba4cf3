import { setTimeout as delay } from 'node:timers/promises'
import { laneSources } from '#shared/runtime/lane-sources.ts'
import type { StreamName } from '#shared/runtime/streams.ts'
import { type NatsCluster, NODE_NAMES, type NodeName } from './cluster.ts'
import type { ClusterBench } from './cluster-bench.ts'
import type { Fault } from './run-fault.ts'

/** The name that jethook gives its connection. */
const JETHOOK = 'jethook'

/** One of those that `node` is not. */
function otherThan(...nodes: NodeName[]): NodeName {
  return NODE_NAMES.find((name) => !nodes.includes(name))!
}

/** `kill -9` of the node that `find` names; it comes back only after jethook has been seen to do without it. */
function killOf(find: (cluster: NatsCluster) => Promise<NodeName>): Pick<Fault<ClusterBench>, 'inject' | 'mend'> {
  let killed: NodeName
  return {
    async inject({ cluster }) {
      killed = await find(cluster)
      await cluster.kill(killed)
    },
    mend: ({ cluster }) => cluster.start(killed),
  }
}

const streamLeader = (stream: StreamName) => (cluster: NatsCluster) => cluster.streamLeader(stream)

/** A lane's consumer, where that is possible one on another node than the stream's leader: only it is to be missed. */
async function laneLeader(cluster: NatsCluster): Promise<NodeName> {
  const events = await cluster.streamLeader('EVENTS')
  const leaders: NodeName[] = []
  for (let lane = 0; lane < 4; lane++) {
    const { stream, consumerName } = laneSources(lane).ledger
    leaders.push(await cluster.consumerLeader(stream, consumerName))
  }
  return leaders.find((leader) => leader !== events) ?? leaders[0]!
}

/** What may happen to a cluster; ids as in the literature of this project. */
export const CLUSTER_FAULTS: readonly Fault<ClusterBench>[] = [
  {
    id: 'F15',
    name: 'the node that leads EVENTS is killed',
    ...killOf(streamLeader('EVENTS')),
  },
  {
    id: 'F15b',
    name: 'the node that leads LEDGER is killed',
    ...killOf(streamLeader('LEDGER')),
  },
  {
    id: 'F15c',
    name: 'the node that jethook is connected to is killed',
    ...killOf((cluster) => cluster.nodeOf(JETHOOK)),
  },
  {
    id: 'F16',
    name: "the node that leads a lane's consumer is killed",
    ...killOf(laneLeader),
  },
  {
    id: 'F17',
    name: 'the leader of the cluster steps down every 5 s for 15 s',
    async inject({ cluster }) {
      for (let i = 0; i < 3; i++) {
        await cluster.stepDownMetaLeader()
        await delay(5_000)
      }
    },
  },
  {
    id: 'F18',
    name: 'a node without jethook is cut off for 15 s',
    inject: ({ cluster }) => cutOff(cluster, otherNodeThanJethooks),
  },
  {
    id: 'F18b',
    name: "jethook's node, which leads EVENTS or not, is cut off for 15 s",
    inject: ({ cluster }) => cutOff(cluster, (each) => each.nodeOf(JETHOOK)),
  },
  {
    id: 'F19',
    name: "two of three hang for 10 s, jethook's own goes on",
    async inject({ cluster }) {
      const own = await cluster.nodeOf(JETHOOK)
      const others = NODE_NAMES.filter((name) => name !== own)
      for (const node of others) cluster.pause(node)
      await delay(10_000)
      for (const node of others) cluster.resume(node)
    },
  },
  {
    id: 'F19b',
    name: 'the node that jethook is connected to hangs, and stays so',
    async inject({ cluster }) {
      cluster.pause(await cluster.nodeOf(JETHOOK))
    },
    async mend({ cluster }) {
      for (const node of NODE_NAMES) cluster.resume(node)
    },
  },
  {
    id: 'F20',
    name: 'one node after the other is restarted when all are healthy',
    async inject({ cluster }) {
      for (const node of NODE_NAMES) {
        await cluster.stop(node)
        await cluster.start(node)
      }
    },
  },
]

/** The short form. */
export const CLUSTER_SHORT: readonly string[] = ['F15']

/** One that does not lead EVENTS is the smaller loss: of two that jethook is not connected to, the one that leads. */
async function otherNodeThanJethooks(cluster: NatsCluster): Promise<NodeName> {
  const [own, leader] = [await cluster.nodeOf(JETHOOK), await cluster.streamLeader('EVENTS')]
  return leader === own ? otherThan(own) : leader
}

async function cutOff(cluster: NatsCluster, find: (cluster: NatsCluster) => Promise<NodeName>): Promise<void> {
  cluster.isolate(await find(cluster))
  await delay(15_000)
  cluster.heal()
}
