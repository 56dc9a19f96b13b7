/** The cluster bus: its port, its links, its packets in and out. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Cluster } from './cluster.ts'
import type { ClusterLink } from './link.ts'
import type { ClusterMessage } from './message.ts'
import { ClusterNode } from './node.ts'

/** Listens on the bus port; `done(false)`: it can't. */
export function startBus(_cluster: Cluster, done: (ok: boolean) => void): void {
  done(true)
}
/** clusterSendMessage */
export function sendMessage(_cluster: Cluster, _link: ClusterLink, _m: ClusterMessage): void {}
/** To every node that has a link and is neither this one nor in handshake. */
export function broadcastMessage(_cluster: Cluster, _m: ClusterMessage): void {}
/** clusterBuildMessageHdr: a packet of this type with no body yet. */
export function buildHeader(cluster: Cluster, type: number): ClusterMessage {
  return {
    type,
    port: 0,
    currentEpoch: 0,
    configEpoch: 0,
    offset: 0,
    sender: cluster.myself.name,
    slots: cluster.myself.slots,
    slaveof: '',
    ip: '',
    pport: 0,
    cport: 0,
    flags: 0,
    state: 0,
    mflags: 0,
    body: { kind: 'none' },
  }
}
export function freeLink(_cluster: Cluster, _link: ClusterLink): void {}
/** createClusterNode and clusterAddNode: with a random name when `name` is null. */
export function createNode(cluster: Cluster, name: Bytes | null, flags: number): ClusterNode {
  return new ClusterNode(name ?? cluster.server.rng.hex(40), flags, cluster.nowMs)
}
/** clusterDelNode */
export function deleteNode(_cluster: Cluster, _node: ClusterNode): void {}
export function renameNode(_cluster: Cluster, _node: ClusterNode, _name: Bytes): void {}
/** clusterBlacklistAddNode, clusterBlacklistExists */
export function blacklistAdd(_cluster: Cluster, _node: ClusterNode): void {}
export function blacklistHas(_cluster: Cluster, _name: Bytes): boolean {
  return false
}
/** clusterReset (CLUSTER RESET). */
export function resetCluster(_cluster: Cluster, _hard: boolean): void {}
/** Ten times a second. */
export function clusterCron(_cluster: Cluster): void {}
export function clusterBeforeSleep(_cluster: Cluster): void {}
/** clusterPropagatePublish */
export function propagatePublish(_cluster: Cluster, _channel: Bytes, _message: Bytes, _sharded: boolean): void {}
