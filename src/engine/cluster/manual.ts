import type { Cluster } from './cluster.ts'
import type { ClusterNode } from './node.ts'

export function resetManualFailover(_cluster: Cluster): void {}
export function onMfStart(_cluster: Cluster, _sender: ClusterNode): void {}
export function handleManualFailover(_cluster: Cluster): void {}
export function handleManualFailoverTimeout(_cluster: Cluster): void {}
export function startManualFailover(_cluster: Cluster, _kind: 'default' | 'force' | 'takeover'): void {}
