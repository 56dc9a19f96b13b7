/** nodes.conf: what a node must not forget, in the words of CLUSTER NODES. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Cluster } from './cluster.ts'
import type { ClusterNode } from './node.ts'

/** clusterGenNodeDescription: one line without its newline. */
export function describeNode(_cluster: Cluster, _node: ClusterNode): Bytes {
  return ''
}
/** clusterGenNodesDescription: leaving out nodes with a flag of `filter`. */
export function describeNodes(_cluster: Cluster, _filter: number): Bytes {
  return ''
}
/** representClusterNodeFlags: 'myself,master' */
export function flagNames(_flags: number): Bytes {
  return ''
}
/** Null: read; else the error's text for the log. */
export function parseNodesConf(_cluster: Cluster, _text: Bytes): string | null {
  return null
}
/** clusterSaveConfig. `done(false)`: could not be written; without `done` that is fatal. */
export function saveConfig(_cluster: Cluster, _fsync: boolean, done?: (ok: boolean) => void): void {
  done?.(true)
}
/** clusterLockConfig and clusterLoadConfig at boot; the process ends where Redis's does. */
export function loadConfig(_cluster: Cluster, done: () => void): void {
  done()
}
