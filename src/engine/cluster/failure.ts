/** From "I can't reach it" (PFAIL) to "we can't" (FAIL), and back. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Cluster } from './cluster.ts'
import type { ClusterNode } from './node.ts'

/** False: the sender had reported it before (now again). */
export function addFailureReport(_cluster: Cluster, _failing: ClusterNode, _sender: ClusterNode): boolean {
  return true
}
export function deleteFailureReport(_cluster: Cluster, _node: ClusterNode, _sender: ClusterNode): boolean {
  return false
}
export function failureReportCount(_cluster: Cluster, node: ClusterNode): number {
  return node.failReports.length
}
export function markAsFailingIfNeeded(_cluster: Cluster, _node: ClusterNode): void {}
export function clearFailureIfNeeded(_cluster: Cluster, _node: ClusterNode): void {}
/** To all: this node has failed. */
export function sendFail(_cluster: Cluster, _name: Bytes): void {}
