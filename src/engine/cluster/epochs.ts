/**
 * Epochs are the logical time of the configuration. `currentEpoch` is the greatest that this node has heard of, and each
 * election takes the next one. A master's `configEpoch` dates its claim to its slots: the greater wins a slot.
 *
 * Two masters with one configEpoch could both claim a slot and neither win, so of such a pair the one with the smaller name
 * takes a new epoch, without asking anybody; the other never moves. In the end all differ.
 *
 * (redis 7.0: clusterHandleConfigEpochCollision, cluster.c)
 */
import { compareBytes } from '../bytes/bytes.ts'
import { type Cluster, TODO_FSYNC_CONFIG, TODO_SAVE_CONFIG } from './cluster.ts'
import type { ClusterNode } from './node.ts'
import { saveConfig } from './nodes-conf.ts'

/** clusterGetMaxEpoch */
export function maxEpoch(cluster: Cluster): number {
  let max = cluster.currentEpoch
  for (const node of cluster.nodes.values()) max = Math.max(max, node.configEpoch)
  return max
}
/** This node has taken an epoch for itself. */
export function noticeOwn(cluster: Cluster, why: string): void {
  const { configEpoch: epoch, name: node } = cluster.myself
  cluster.notice?.({ kind: 'current epoch', epoch: cluster.currentEpoch, by: '', why })
  cluster.notice?.({ kind: 'config epoch', node, epoch, by: '', why })
}
/** False: this node's configEpoch is the greatest already. */
export function bumpConfigEpochWithoutConsensus(cluster: Cluster, why: string): boolean {
  const { myself } = cluster
  if (myself.configEpoch !== 0 && myself.configEpoch === maxEpoch(cluster)) return false
  cluster.currentEpoch++
  myself.configEpoch = cluster.currentEpoch
  cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_FSYNC_CONFIG)
  cluster.server.log('warning', `New configEpoch set to ${myself.configEpoch}`)
  noticeOwn(cluster, why)
  return true
}
/** `sender`, a master as this node is, has this node's configEpoch. */
export function handleConfigEpochCollision(cluster: Cluster, sender: ClusterNode): void {
  const { myself } = cluster
  if (sender.configEpoch !== myself.configEpoch || !sender.isMaster || !myself.isMaster) return
  if (compareBytes(sender.name, myself.name) <= 0) return
  const epoch = myself.configEpoch
  cluster.currentEpoch++
  myself.configEpoch = cluster.currentEpoch
  cluster.notice?.({ kind: 'collision', other: sender.name, epoch, next: myself.configEpoch })
  noticeOwn(cluster, 'collision')
  saveConfig(cluster, true)
  cluster.server.log(
    'verbose',
    `WARNING: configEpoch collision with node ${sender.name}. configEpoch set to ${myself.configEpoch}`,
  )
}
