/** Who owns which slot, and how a newer claim wins. */
import type { Cluster } from './cluster.ts'
import type { ClusterLink } from './link.ts'
import type { ClusterNode } from './node.ts'

/** False: somebody owns it. */
export function addSlot(_cluster: Cluster, _node: ClusterNode, _slot: number): boolean {
  return false
}
/** False: nobody did. */
export function delSlot(_cluster: Cluster, _slot: number): boolean {
  return false
}
/** How many it had. */
export function delNodeSlots(_cluster: Cluster, _node: ClusterNode): number {
  return 0
}
export function closeAllSlots(_cluster: Cluster): void {}
export function setNodeAsMaster(_cluster: Cluster, _node: ClusterNode): void {}
/** clusterSetMaster: this node becomes a replica of `node`. */
export function setMyMaster(_cluster: Cluster, _node: ClusterNode): void {}
/** False: it was one already. */
export function nodeAddSlave(_master: ClusterNode, _slave: ClusterNode): boolean {
  return false
}
export function nodeRemoveSlave(_master: ClusterNode, _slave: ClusterNode): boolean {
  return false
}
export function updateSlotsConfigWith(
  _cluster: Cluster,
  _sender: ClusterNode,
  _epoch: number,
  _bits: Uint8Array,
): void {}
export function sendUpdate(_cluster: Cluster, _link: ClusterLink, _node: ClusterNode): void {}
