import type { Cluster } from './cluster.ts'
import type { ClusterNode } from './node.ts'

export function handleSlaveMigration(_cluster: Cluster, _maxSlaves: number): void {}
export function countNonFailingSlaves(_node: ClusterNode): number {
  return 0
}
