/**
 * Ten times a second: connect where there is no link, ping whom nobody has heard of, notice who does not answer.
 *
 *   each second    one of five nodes chosen at random: the one not heard of longest
 *   each tick      every node not heard of for half the node timeout: a ping
 *                  a ping unanswered for half the timeout: its link is opened anew
 *                  unanswered for all of it: PFAIL
 *
 * And, before each turn's packets and replies leave, what packets and commands asked for: elections, state, nodes.conf.
 *
 * (redis 7.0: clusterCron, clusterBeforeSleep, cluster.c)
 */
import { freeLink, openLink, readPackets } from './bus.ts'
import {
  type Cluster,
  TODO_FSYNC_CONFIG,
  TODO_HANDLE_FAILOVER,
  TODO_HANDLE_MANUALFAILOVER,
  TODO_SAVE_CONFIG,
  TODO_UPDATE_STATE,
} from './cluster.ts'
import { handleSlaveFailover } from './election.ts'
import { sendPing } from './gossip.ts'
import { updateState } from './health.ts'
import type { ClusterLink } from './link.ts'
import { handleManualFailover, handleManualFailoverTimeout } from './manual.ts'
import { MSG_PING } from './message.ts'
import {
  type ClusterNode,
  NODE_FAIL,
  NODE_HANDSHAKE,
  NODE_MIGRATE_TO,
  NODE_MYSELF,
  NODE_NOADDR,
  NODE_PFAIL,
} from './node.ts'
import { deleteNode, updateMyselfHostname } from './nodes.ts'
import { saveConfig } from './nodes-conf.ts'
import { countNonFailingSlaves, handleSlaveMigration } from './orphans.ts'

export function clusterCron(cluster: Cluster): void {
  const { myself, server } = cluster
  // What came while the data was loaded.
  if (cluster.iteration === 0) for (const link of [...cluster.links]) readPackets(cluster, link)
  cluster.iteration++
  updateMyselfHostname(cluster)
  cluster.pfailNodes = 0
  const handshakeTimeout = Math.max(server.config.clusterNodeTimeout, 1000)
  for (const node of [...cluster.nodes.values()]) {
    limitSendBuffer(cluster, node.link)
    limitSendBuffer(cluster, node.inboundLink)
    reconnect(cluster, node, handshakeTimeout)
  }
  if (cluster.iteration % 10 === 0) pingSomebody(cluster)
  const seen = watch(cluster)
  if (myself.isSlave && server.repl?.isReplica === false && myself.slaveof?.hasAddr)
    server.repl.setMaster(myself.slaveof.ip, myself.slaveof.port)
  handleManualFailoverTimeout(cluster)
  if (myself.isSlave) {
    handleManualFailover(cluster)
    handleSlaveFailover(cluster)
    if (
      seen.orphanedMasters > 0 &&
      seen.maxSlaves >= 2 &&
      seen.thisSlaves === seen.maxSlaves &&
      server.config.clusterAllowReplicaMigration
    )
      handleSlaveMigration(cluster, seen.maxSlaves)
  }
  if (seen.updateState || cluster.state === 'fail') updateState(cluster)
}
function limitSendBuffer(cluster: Cluster, link: ClusterLink | null): void {
  const limit = cluster.server.config.clusterLinkSendbufLimit
  if (link === null || limit === 0 || link.sendBuffer <= limit) return
  const whose = `${link.inbound ? 'from' : 'to'} node ${link.node?.name ?? ''}`
  cluster.server.log(
    'warning',
    `Freeing cluster link(${whose}, used memory: ${link.sendBuffer}) due to exceeding send buffer memory limit.`,
  )
  freeLink(cluster, link)
  cluster.exceededSendBufferLimit++
}
function reconnect(cluster: Cluster, node: ClusterNode, handshakeTimeout: number): void {
  if (node.flags & (NODE_MYSELF | NODE_NOADDR)) return
  if (node.timedOut) cluster.pfailNodes++
  if (node.inHandshake && cluster.nowMs - node.ctimeMs > handshakeTimeout) {
    deleteNode(cluster, node)
    return
  }
  if (node.link === null) openLink(cluster, node)
}
/** Of five at random, the one whose last pong is oldest. */
function pingSomebody(cluster: Cluster): void {
  const nodes = [...cluster.nodes.values()]
  let oldest: ClusterNode | null = null
  for (let i = 0; i < 5; i++) {
    const node = nodes[cluster.server.rng.below(nodes.length)] as ClusterNode
    if (node.link === null || node.pingSentMs !== 0 || node.flags & (NODE_MYSELF | NODE_HANDSHAKE)) continue
    if (oldest === null || oldest.pongReceivedMs > node.pongReceivedMs) oldest = node
  }
  if (oldest?.link) {
    cluster.server.log('debug', `Pinging node ${oldest.name}`)
    sendPing(cluster, oldest.link, MSG_PING)
  }
}

interface Seen {
  /** Masters with slots, without a working replica, that should have one. */
  orphanedMasters: number
  /** Most working replicas of one master; and how many this replica's master has. */
  maxSlaves: number
  thisSlaves: number
  updateState: boolean
}
/** Who answers, who does not, who needs a replica. */
function watch(cluster: Cluster): Seen {
  const seen: Seen = { orphanedMasters: 0, maxSlaves: 0, thisSlaves: 0, updateState: false }
  for (const node of [...cluster.nodes.values()]) {
    if (node.flags & (NODE_MYSELF | NODE_NOADDR | NODE_HANDSHAKE)) continue
    if (cluster.myself.isSlave && node.isMaster && !node.failed) {
      const working = countNonFailingSlaves(node)
      if (working === 0 && node.numslots > 0 && node.flags & NODE_MIGRATE_TO) seen.orphanedMasters++
      seen.maxSlaves = Math.max(seen.maxSlaves, working)
      if (cluster.myself.slaveof === node) seen.thisSlaves = working
    }
    if (hasTimedOut(cluster, node)) {
      cluster.server.log('debug', `*** NODE ${node.name} possibly failing`)
      node.flags |= NODE_PFAIL
      cluster.server.tap?.({ kind: 'PFAIL', text: node.name })
      const silentMs = cluster.nowMs - Math.max(node.pingSentMs, node.dataReceivedMs)
      cluster.notice?.({ kind: 'flag', node: node.name, flag: 'PFAIL', by: '', silentMs })
      seen.updateState = true
    }
  }
  return seen
}
/** Pings it when it is time to. True: it is PFAIL from now on. */
function hasTimedOut(cluster: Cluster, node: ClusterNode): boolean {
  const now = cluster.nowMs
  const timeout = cluster.server.config.clusterNodeTimeout
  const half = Math.floor(timeout / 2)
  const pingDelay = now - node.pingSentMs
  const dataDelay = now - node.dataReceivedMs
  if (
    node.link !== null &&
    now - node.link.ctimeMs > timeout &&
    node.pingSentMs !== 0 &&
    pingDelay > half &&
    dataDelay > half
  )
    freeLink(cluster, node.link)
  if (node.link !== null && node.pingSentMs === 0 && now - node.pongReceivedMs > half) {
    sendPing(cluster, node.link, MSG_PING)
    return false
  }
  // Its replica waits for the offset at which this master stopped.
  if (cluster.mfEndMs !== 0 && cluster.myself.isMaster && cluster.mfSlave === node && node.link !== null) {
    sendPing(cluster, node.link, MSG_PING)
    return false
  }
  if (node.pingSentMs === 0 || Math.min(pingDelay, dataDelay) <= timeout) return false
  return (node.flags & (NODE_PFAIL | NODE_FAIL)) === 0
}

export function clusterBeforeSleep(cluster: Cluster): void {
  const { todo } = cluster
  if (todo === 0) return
  cluster.todo = 0
  if (todo & TODO_HANDLE_MANUALFAILOVER) {
    if (cluster.myself.isSlave) {
      handleManualFailover(cluster)
      handleSlaveFailover(cluster)
    }
  } else if (todo & TODO_HANDLE_FAILOVER) handleSlaveFailover(cluster)
  if (todo & TODO_UPDATE_STATE) updateState(cluster)
  if (todo & TODO_SAVE_CONFIG) saveConfig(cluster, (todo & TODO_FSYNC_CONFIG) !== 0)
}
