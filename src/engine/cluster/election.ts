import type { Cluster } from './cluster.ts'
import type { ClusterMessage } from './message.ts'
import type { ClusterNode } from './node.ts'

export function handleSlaveFailover(_cluster: Cluster): void {}
export function onAuthRequest(_cluster: Cluster, _sender: ClusterNode, _m: ClusterMessage): void {}
export function onAuthAck(_cluster: Cluster, _sender: ClusterNode, _m: ClusterMessage): void {}
export function slaveRank(_cluster: Cluster): number {
  return 0
}
export function failoverReplaceYourMaster(_cluster: Cluster): void {}
export function logCantFailover(_cluster: Cluster, _reason: number): void {}
