/** CLUSTER SLOTS and CLUSTER SHARDS: who serves what, as clients read it. */
import type { Bytes } from '../../bytes/bytes.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { CLUSTER_SLOTS, type ClusterNode } from '../../cluster/node.ts'
import { preferredEndpoint } from '../../cluster/routing.ts'
import { map, type Reply } from '../../protocol/reply.ts'
import type { ClusterHandler } from './common.ts'

const slaveOffset = (cluster: Cluster): number => cluster.server.repl?.slaveOffset ?? 0
/** What is known of a node's place in its master's stream. */
function offsetOf(cluster: Cluster, node: ClusterNode): number {
  if (!node.isMyself) return node.replOffset
  return node.isSlave ? slaveOffset(cluster) : (cluster.server.repl?.masterReplOffset ?? 0)
}
/** isReplicaAvailable: it works, and has got data. */
const isAvailable = (cluster: Cluster, node: ClusterNode): boolean =>
  !node.failed && (node.isMyself ? slaveOffset(cluster) : node.replOffset) !== 0

/** Runs of slots with one owner: from, to. */
export function slotRuns(
  cluster: Cluster,
): { readonly owner: ClusterNode; readonly from: number; readonly to: number }[] {
  const runs: { owner: ClusterNode; from: number; to: number }[] = []
  const { slots } = cluster
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
    const owner = slots[slot]
    const last = runs.at(-1)
    if (!owner) continue
    if (last !== undefined && last.owner === owner && last.to === slot - 1) last.to = slot
    else runs.push({ owner, from: slot, to: slot })
  }
  return runs
}
/** addNodeToNodeReply: the preferred name first, what else is known behind. */
function endpoint(cluster: Cluster, node: ClusterNode): Reply {
  const type = cluster.server.config.clusterPreferredEndpointType
  const more: Bytes[] = []
  if (type !== 'ip') more.push('ip', node.ip)
  if (type !== 'hostname' && node.hostname !== '') more.push('hostname', node.hostname)
  return [type === 'unknown-endpoint' ? null : preferredEndpoint(cluster, node), node.port, node.name, map(more)]
}
export const slots: ClusterHandler = (cluster) =>
  slotRuns(cluster).map(({ owner, from, to }) => [
    from,
    to,
    endpoint(cluster, owner),
    ...owner.slaves.filter((slave) => isAvailable(cluster, slave)).map((slave) => endpoint(cluster, slave)),
  ])

function shardNode(cluster: Cluster, node: ClusterNode): Reply {
  const offset = offsetOf(cluster, node)
  const fields: Reply[] = ['id', node.name]
  if (node.port !== 0) fields.push('port', node.port)
  fields.push('ip', node.ip, 'endpoint', preferredEndpoint(cluster, node))
  if (node.hostname !== '') fields.push('hostname', node.hostname)
  const health = node.failed ? 'fail' : node.isSlave && offset === 0 ? 'loading' : 'online'
  fields.push('role', node.isSlave ? 'replica' : 'master', 'replication-offset', offset, 'health', health)
  return map(fields)
}
export const shards: ClusterHandler = (cluster) => {
  const runs = new Map<ClusterNode, number[]>()
  for (const { owner, from, to } of slotRuns(cluster)) {
    const own = runs.get(owner)
    if (own) own.push(from, to)
    else runs.set(owner, [from, to])
  }
  return [...cluster.nodes.values()]
    .filter((node) => node.isMaster)
    .map((node) =>
      map(['slots', runs.get(node) ?? [], 'nodes', [node, ...node.slaves].map((one) => shardNode(cluster, one))]),
    )
}
