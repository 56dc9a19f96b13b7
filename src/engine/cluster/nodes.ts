/** The table of nodes: how one comes, gets its name, moves, and goes; and what is known of this node itself. */
import type { Bytes } from '../bytes/bytes.ts'
import { freeLink } from './bus.ts'
import { type Cluster, TODO_FSYNC_CONFIG, TODO_SAVE_CONFIG, TODO_UPDATE_STATE } from './cluster.ts'
import { deleteFailureReport } from './failure.ts'
import type { ClusterLink } from './link.ts'
import { resetManualFailover } from './manual.ts'
import type { ClusterMessage } from './message.ts'
import { BUS_PORT_INCREMENT, CLUSTER_SLOTS, ClusterNode, NAME_LENGTH, NODE_NOADDR, NODE_NOFAILOVER } from './node.ts'
import { closeAllSlots, delSlot, nodeRemoveSlave, setNodeAsMaster } from './slots.ts'

/** Seconds that CLUSTER FORGET keeps a name out. */
const BLACKLIST_TTL = 60

/** createClusterNode and clusterAddNode: with a random name when `name` is null. */
export function createNode(cluster: Cluster, name: Bytes | null, flags: number): ClusterNode {
  const node = new ClusterNode(name ?? cluster.server.rng.hex(NAME_LENGTH), flags, cluster.nowMs)
  cluster.nodes.set(node.name, node)
  return node
}
/** clusterDelNode */
export function deleteNode(cluster: Cluster, node: ClusterNode): void {
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
    if (cluster.importingSlotsFrom[slot] === node) cluster.importingSlotsFrom[slot] = null
    if (cluster.migratingSlotsTo[slot] === node) cluster.migratingSlotsTo[slot] = null
    if (cluster.slots[slot] === node) delSlot(cluster, slot)
  }
  for (const other of cluster.nodes.values()) if (other !== node) deleteFailureReport(cluster, other, node)
  for (const slave of node.slaves) slave.slaveof = null
  if (node.isSlave && node.slaveof !== null) nodeRemoveSlave(node.slaveof, node)
  cluster.nodes.delete(node.name)
  if (node.link !== null) freeLink(cluster, node.link)
  if (node.inboundLink !== null) freeLink(cluster, node.inboundLink)
}
export function renameNode(cluster: Cluster, node: ClusterNode, name: Bytes): void {
  cluster.server.log('debug', `Renaming node ${node.name} into ${name}`)
  cluster.nodes.delete(node.name)
  node.name = name
  cluster.nodes.set(name, node)
}

function blacklistCleanup(cluster: Cluster): void {
  const now = Math.floor(cluster.nowMs / 1000) * 1000
  for (const [name, until] of cluster.blackList) if (until < now) cluster.blackList.delete(name)
}
/** clusterBlacklistAddNode */
export function blacklistAdd(cluster: Cluster, node: ClusterNode): void {
  blacklistCleanup(cluster)
  cluster.blackList.set(node.name, (Math.floor(cluster.nowMs / 1000) + BLACKLIST_TTL) * 1000)
}
/** clusterBlacklistExists */
export function blacklistHas(cluster: Cluster, name: Bytes): boolean {
  blacklistCleanup(cluster)
  return cluster.blackList.has(name)
}

/** nodeIp2String: what it announces, else where it speaks from. */
export const ipOf = (link: ClusterLink, m: ClusterMessage): Bytes =>
  m.ip !== '' ? m.ip : (link.link?.remoteHost ?? '')

/** nodeUpdateAddressIfNeeded: by what comes on its own link to us. True: it has moved. */
export function updateAddress(cluster: Cluster, node: ClusterNode, link: ClusterLink, m: ClusterMessage): boolean {
  if (link === node.link) return false
  const ip = ipOf(link, m)
  if (ip === '') return false
  if (node.port === m.port && node.cport === m.cport && node.pport === m.pport && node.ip === ip) return false
  node.ip = ip
  node.port = m.port
  node.pport = m.pport
  node.cport = m.cport
  if (node.link !== null) freeLink(cluster, node.link)
  node.flags &= ~NODE_NOADDR
  const { myself, server } = cluster
  server.log('warning', `Address updated for node ${node.name}, now ${node.ip}:${node.port}`)
  if (myself.isSlave && myself.slaveof === node) server.repl?.setMaster(node.ip, node.port)
  return true
}

/** clusterReset (CLUSTER RESET): a node of no cluster again; `hard`: with a new name, at epoch 0. */
export function resetCluster(cluster: Cluster, hard: boolean): void {
  const { myself, server } = cluster
  if (myself.isSlave) {
    setNodeAsMaster(cluster, myself)
    server.repl?.unsetMaster()
    server.emptyDb(-1)
  }
  closeAllSlots(cluster)
  resetManualFailover(cluster)
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) delSlot(cluster, slot)
  for (const node of [...cluster.nodes.values()]) if (node !== myself) deleteNode(cluster, node)
  if (hard) {
    cluster.currentEpoch = 0
    cluster.lastVoteEpoch = 0
    myself.configEpoch = 0
    server.log('warning', 'configEpoch set to 0 via CLUSTER RESET HARD')
    cluster.nodes.delete(myself.name)
    myself.name = server.rng.hex(NAME_LENGTH)
    cluster.nodes.set(myself.name, myself)
    server.log('notice', `Node hard reset, now I'm ${myself.name}`)
  }
  cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_UPDATE_STATE | TODO_FSYNC_CONFIG)
}

// ---- Myself, as the configuration says

/** deriveAnnouncedPorts */
export function announcedPorts(cluster: Cluster): { readonly port: number; readonly cport: number } {
  const { config } = cluster.server
  return {
    port: config.clusterAnnouncePort || config.port,
    cport: config.clusterAnnounceBusPort || busPort(cluster),
  }
}
/** Where this node listens for the bus. */
export const busPort = (cluster: Cluster): number =>
  cluster.server.config.clusterPort || cluster.server.config.port + BUS_PORT_INCREMENT

export function updateMyselfAnnouncedPorts(cluster: Cluster): void {
  const { port, cport } = announcedPorts(cluster)
  cluster.myself.port = port
  cluster.myself.pport = 0
  cluster.myself.cport = cport
}
export function updateMyselfFlags(cluster: Cluster): void {
  const { myself } = cluster
  const was = myself.flags
  myself.flags &= ~NODE_NOFAILOVER
  if (cluster.server.config.clusterReplicaNoFailover) myself.flags |= NODE_NOFAILOVER
  if (myself.flags !== was) cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_UPDATE_STATE)
}
/** cluster-announce-ip, when it has changed; without one the address is found out anew. */
export function updateMyselfIp(cluster: Cluster): void {
  const ip = cluster.server.config.clusterAnnounceIp
  if (ip === cluster.announcedIp) return
  cluster.announcedIp = ip
  cluster.myself.ip = ip.slice(0, 45)
}
export function updateMyselfHostname(cluster: Cluster): void {
  cluster.myself.hostname = cluster.server.config.clusterAnnounceHostname
}
