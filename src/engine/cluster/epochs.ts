/** Epochs: the logical time of the configuration. */
import type { Cluster } from './cluster.ts'
import type { ClusterNode } from './node.ts'

/** clusterGetMaxEpoch */
export function maxEpoch(cluster: Cluster): number {
  return cluster.currentEpoch
}
/** False: this node's configEpoch is the greatest already. */
export function bumpConfigEpochWithoutConsensus(_cluster: Cluster): boolean {
  return false
}
export function handleConfigEpochCollision(_cluster: Cluster, _sender: ClusterNode): void {}
