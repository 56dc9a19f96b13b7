/**
 * The cluster bus: a second port where nodes speak to nodes, in binary. Every node opens a connection to every other and
 * is connected to by it, so between two nodes there are two: each sends its PINGs on its own and answers on the other's.
 *
 *      node.link ───── PING ─────▶            ◀───── PING ───── node.inboundLink
 *                ◀──── PONG ──────            ────── PONG ────▶
 *
 * A connection is closed when its peer's packets make no sense, when too much waits to be sent, when the node is not who it
 * was, or when nothing came for half a node timeout; the cron opens it again. Bytes of a packet are decoded once it is whole.
 *
 * (redis 7.0: clusterReadHandler, clusterSendMessage, clusterBuildMessageHdr, cluster.c)
 */
import { type Bytes, utf8Encode } from '../bytes/bytes.ts'
import { strerror } from '../bytes/errno.ts'
import type { Link, LinkHandlers } from '../server/host.ts'
import { logFailedBinds } from '../server/config-hooks.ts'
import type { Cluster } from './cluster.ts'
import { sendPing } from './gossip.ts'
import { ClusterLink } from './link.ts'
import {
  type ClusterMessage,
  encodeMessage,
  messageLength,
  MSG_MEET,
  MSG_PING,
  MSG_PUBLISH,
  MSG_PUBLISHSHARD,
  MSGFLAG0_PAUSED,
} from './message.ts'
import { BUS_PORT_INCREMENT, type ClusterNode, NODE_HANDSHAKE, NODE_MEET, NODE_MYSELF } from './node.ts'
import { announcedPorts, busPort } from './nodes.ts'
import { processPacket } from './packets.ts'

export { clusterBeforeSleep, clusterCron } from './cron.ts'
export { blacklistAdd, blacklistHas, createNode, deleteNode, renameNode, resetCluster } from './nodes.ts'

/** Listens on the bus port; `done(false)`: it can't, and the log says why. */
export function startBus(cluster: Cluster, done: (ok: boolean) => void): void {
  const { server } = cluster
  const { config, host } = server
  if (config.clusterPort === 0 && config.port > 65535 - BUS_PORT_INCREMENT) {
    server.log(
      'warning',
      'Redis port number too high. Cluster communication port is 10,000 port numbers higher than your Redis port. Your Redis port number must be 55535 or less.',
    )
    return done(false)
  }
  if (config.bind.length === 0) {
    server.log('warning', 'No bind address is configured, but it is required for the Cluster bus.')
    return done(false)
  }
  const port = busPort(cluster)
  const bind = config.bind.map((b) => utf8Encode(b))
  let answered = false
  host.listen(
    port,
    bind,
    (link) => acceptLink(cluster, link),
    (error, failed) => {
      if (answered) return
      answered = true
      logFailedBinds(server, error, failed, port)
      if (error !== null) server.log('warning', `Failed listening on port ${port} (cluster), aborting.`)
      done(error === null)
    },
  )
}

// ---- Links

function handlersOf(cluster: Cluster, link: ClusterLink): LinkHandlers {
  const { server } = cluster
  const ended = (why: string): void => {
    server.log('debug', `I/O error reading from node link: ${why}`)
    freeLink(cluster, link)
  }
  return {
    data(bytes) {
      link.received = link.received === '' ? bytes : link.received + bytes
      // While the data is loaded nobody is listened to: an UPDATE could touch it.
      if (server.booted) readPackets(cluster, link)
    },
    sent(pendingBytes) {
      link.pendingBytes = pendingBytes
    },
    closed: (reason) => ended(reason === 'eof' ? 'connection closed' : 'Connection reset by peer'),
    opened: () => linkOpened(cluster, link),
    refused(error) {
      const { node } = link
      if (node !== null) {
        const at = `${node.name} at ${node.ip}:${node.cport}`
        server.log('verbose', `Connection with Node ${at} failed: ${strerror(error)}`)
      }
      freeLink(cluster, link)
    },
  }
}
function acceptLink(cluster: Cluster, link: Link): LinkHandlers {
  const { server } = cluster
  server.log('verbose', `Accepting cluster node connection from ${link.remoteHost}:${link.remotePort}`)
  link.late = true
  const accepted = new ClusterLink(link, null, true, cluster.nowMs)
  cluster.links.add(accepted)
  return handlersOf(cluster, accepted)
}
/** A connection to a node, on its way. */
export function openLink(cluster: Cluster, node: ClusterNode): void {
  if (node.ip === '') {
    // There is nothing to connect to, and so nothing to send a ping on: it counts as sent, lest its silence be overlooked.
    if (node.pingSentMs === 0) node.pingSentMs = cluster.nowMs
    cluster.server.log('debug', `Unable to connect to Cluster Node []:${node.cport} -> `)
    return
  }
  const link = new ClusterLink(null, node, false, cluster.nowMs)
  node.link = link
  cluster.links.add(link)
  link.link = cluster.server.host.connect(node.ip, node.cport, handlersOf(cluster, link))
  link.link.late = true
}
/** clusterLinkConnectHandler: a PING at once, or the MEET that a handshake begins with. */
function linkOpened(cluster: Cluster, link: ClusterLink): void {
  const { node } = link
  if (node === null || link.link === null) return
  const pingSent = node.pingSentMs
  if (link.unsent !== '') {
    link.link.send(link.unsent)
    link.unsent = ''
  }
  sendPing(cluster, link, node.flags & NODE_MEET ? MSG_MEET : MSG_PING)
  // A ping that was sent on the link before this one is still without its answer.
  if (pingSent !== 0) node.pingSentMs = pingSent
  node.flags &= ~NODE_MEET
  cluster.server.log('debug', `Connecting with Node ${node.name} at ${node.ip}:${node.cport}`)
}
/** The node that it belongs to is left without it. */
export function freeLink(cluster: Cluster, link: ClusterLink): void {
  cluster.links.delete(link)
  link.link?.close(true)
  link.link = null
  link.received = ''
  link.unsent = ''
  link.pendingBytes = 0
  const { node } = link
  if (node === null) return
  if (node.link === link) node.link = null
  else if (node.inboundLink === link) node.inboundLink = null
}
/** setClusterNodeToInboundClusterLink */
export function bindInboundLink(cluster: Cluster, node: ClusterNode, link: ClusterLink): void {
  const old = node.inboundLink
  if (old !== null) {
    const ids = [old.link?.conn, link.link?.conn]
    cluster.server.log('debug', `Replacing inbound link fd ${ids[0]} from node ${node.name} with fd ${ids[1]}`)
    freeLink(cluster, old)
  }
  node.inboundLink = link
  link.node = node
}

/** clusterReadHandler: packet after packet, as long as the link lives. */
export function readPackets(cluster: Cluster, link: ClusterLink): void {
  while (link.link !== null) {
    const length = messageLength(link.received)
    if (length < 0) {
      cluster.server.log('warning', 'Bad message length or signature received from Cluster bus.')
      freeLink(cluster, link)
      return
    }
    if (length === 0 || link.received.length < length) return
    const packet = link.received.slice(0, length)
    link.received = link.received.slice(length)
    noticePacket(cluster, link, packet, false)
    processPacket(cluster, link, packet)
  }
}

// ---- Sending

/** clusterSendMessage: it never frees a link. */
export function sendMessage(cluster: Cluster, link: ClusterLink, m: ClusterMessage): void {
  sendBytes(cluster, link, encodeMessage(m), m.type)
}
function noticePacket(cluster: Cluster, link: ClusterLink, bytes: Bytes, sent: boolean): void {
  if (cluster.notice === null) return
  const remote = link.link === null ? '' : `${link.link.remoteHost}:${link.link.remotePort}`
  cluster.notice({ kind: 'packet', sent, bytes, peer: link.node?.name ?? '', remote })
}
function sendBytes(cluster: Cluster, link: ClusterLink, bytes: Bytes, type: number): void {
  if (link.link === null) return
  if (link.inbound || link.link.open) link.link.send(bytes)
  else link.unsent += bytes
  noticePacket(cluster, link, bytes, true)
  const sent = cluster.messagesSent[type]
  if (sent !== undefined) cluster.messagesSent[type] = sent + 1
}
/** To every node that has a link and is neither this one nor in handshake. */
export function broadcastMessage(cluster: Cluster, m: ClusterMessage): void {
  const bytes = encodeMessage(m)
  for (const node of cluster.nodes.values())
    if (node.link !== null && (node.flags & (NODE_MYSELF | NODE_HANDSHAKE)) === 0)
      sendBytes(cluster, node.link, bytes, m.type)
}
/** clusterBuildMessageHdr: a packet of this type with no body yet. A replica shows its master's slots and epoch. */
export function buildHeader(cluster: Cluster, type: number): ClusterMessage {
  const { myself, server } = cluster
  const master = myself.isSlave && myself.slaveof !== null ? myself.slaveof : myself
  const ports = announcedPorts(cluster)
  return {
    type,
    port: ports.port,
    currentEpoch: cluster.currentEpoch,
    configEpoch: master.configEpoch,
    offset: (myself.isSlave ? server.repl?.slaveOffset : server.repl?.masterReplOffset) ?? 0,
    sender: myself.name,
    slots: master.slots,
    slaveof: myself.slaveof?.name ?? '',
    ip: server.config.clusterAnnounceIp.slice(0, 45),
    pport: 0,
    cport: ports.cport,
    flags: myself.flags,
    state: cluster.state === 'ok' ? 0 : 1,
    mflags: myself.isMaster && cluster.mfEndMs !== 0 ? MSGFLAG0_PAUSED : 0,
    body: { kind: 'none' },
  }
}
/** clusterPropagatePublish: to all nodes; a sharded message to those that serve this node's slots. */
export function propagatePublish(cluster: Cluster, channel: Bytes, message: Bytes, sharded: boolean): void {
  const m = buildHeader(cluster, sharded ? MSG_PUBLISHSHARD : MSG_PUBLISH)
  m.body = { kind: 'publish', channel, message }
  if (!sharded) return broadcastMessage(cluster, m)
  const master = cluster.myMaster
  if (master === null) return
  for (const node of [master, ...master.slaves])
    if (node !== cluster.myself && node.link !== null) sendMessage(cluster, node.link, m)
}
