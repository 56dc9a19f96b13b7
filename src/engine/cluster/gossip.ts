/**
 * Pings and what they carry of others; the handshake.
 *
 *   PING ─▶  about me: epochs, slots, master, offset        about others: a tenth of the nodes (three at least), at random,
 *   ◀─ PONG  the same, of the other                         and every node that I can't reach
 *
 * So each node hears of each other within about a node timeout, and a node that one member has met is soon known to all:
 * an unknown name in the gossip of a known node is added, at the address given. Nodes whose name is not known yet are in
 * handshake; they get their name with the first PONG.
 *
 * (redis 7.0: clusterSendPing, clusterProcessGossipSection, cluster.c)
 */
import type { Bytes } from '../bytes/bytes.ts'
import { buildHeader, freeLink, sendMessage } from './bus.ts'
import type { Cluster } from './cluster.ts'
import { addFailureReport, deleteFailureReport, failureReportCount, markAsFailingIfNeeded } from './failure.ts'
import { normalizeIp } from './ip.ts'
import type { ClusterLink } from './link.ts'
import {
  type ClusterMessage,
  EXT_HOSTNAME,
  type GossipEntry,
  MSG_PING,
  MSG_PONG,
  MSGFLAG0_EXT_DATA,
  type PingExtension,
} from './message.ts'
import { type ClusterNode, NODE_FAIL, NODE_HANDSHAKE, NODE_MEET, NODE_NOADDR, NODE_PFAIL } from './node.ts'
import { blacklistHas, createNode } from './nodes.ts'
import { flagNames } from './nodes-conf.ts'

function gossipEntry(node: ClusterNode): GossipEntry {
  return {
    name: node.name,
    pingSent: Math.floor(node.pingSentMs / 1000),
    pongReceived: Math.floor(node.pongReceivedMs / 1000),
    ip: node.ip,
    port: node.port,
    cport: node.cport,
    flags: node.flags,
    pport: node.pport,
  }
}
/** Some others at random, then all that can't be reached. */
function chooseGossip(cluster: Cluster): GossipEntry[] {
  const nodes = [...cluster.nodes.values()]
  let fresh = nodes.length - 2
  const wanted = Math.min(Math.max(3, Math.floor(nodes.length / 10)), fresh)
  const chosen = new Set<ClusterNode>()
  for (let tries = wanted * 3; fresh > 0 && chosen.size < wanted && tries > 0; tries--) {
    const node = nodes[cluster.server.rng.below(nodes.length)] as ClusterNode
    if (node === cluster.myself || node.timedOut) continue
    if (node.flags & (NODE_HANDSHAKE | NODE_NOADDR) || (node.link === null && node.numslots === 0)) {
      fresh--
      continue
    }
    if (chosen.has(node)) continue
    chosen.add(node)
    fresh--
  }
  let unreachable = cluster.pfailNodes
  for (const node of nodes) {
    if (unreachable <= 0) break
    if (node.flags & (NODE_HANDSHAKE | NODE_NOADDR) || !node.timedOut) continue
    chosen.add(node)
    unreachable--
  }
  return [...chosen].map(gossipEntry)
}
/** clusterSendPing: `type` is MSG_PING, MSG_PONG or MSG_MEET. */
export function sendPing(cluster: Cluster, link: ClusterLink, type: number): void {
  if (!link.inbound && type === MSG_PING && link.node !== null) link.node.pingSentMs = cluster.nowMs
  const m = buildHeader(cluster, type)
  const extensions: PingExtension[] = []
  const { hostname } = cluster.myself
  if (hostname !== '') {
    m.mflags |= MSGFLAG0_EXT_DATA
    extensions.push({ type: EXT_HOSTNAME, data: `${hostname}\0` })
  }
  m.body = { kind: 'ping', gossip: chooseGossip(cluster), extensions }
  sendMessage(cluster, link, m)
}
/** A PONG that nobody asked for: something that all should know at once. */
export function broadcastPong(cluster: Cluster, target: 'all' | 'local-slaves'): void {
  const { myself } = cluster
  for (const node of cluster.nodes.values()) {
    if (node.link === null || node === myself || node.inHandshake) continue
    if (target === 'local-slaves') {
      const local =
        node.isSlave && node.slaveof !== null && (node.slaveof === myself || node.slaveof === myself.slaveof)
      if (!local) continue
    }
    sendPing(cluster, node.link, MSG_PONG)
  }
}

/** `again`: one with that address is going on. */
export function startHandshake(cluster: Cluster, ip: Bytes, port: number, cport: number): 'ok' | 'invalid' | 'again' {
  const normal = normalizeIp(ip)
  if (normal === null || port <= 0 || port > 65535 || cport <= 0 || cport > 65535) return 'invalid'
  for (const node of cluster.nodes.values())
    if (node.inHandshake && node.ip.toLowerCase() === normal && node.port === port && node.cport === cport)
      return 'again'
  const node = createNode(cluster, null, NODE_HANDSHAKE | NODE_MEET)
  node.ip = normal
  node.port = port
  node.cport = cport
  return 'ok'
}

/** What a master's gossip says of a node counts for and against its failure. */
function hearOfFailure(cluster: Cluster, sender: ClusterNode, node: ClusterNode, failing: boolean): void {
  const { server } = cluster
  if (failing) {
    if (addFailureReport(cluster, node, sender))
      server.log('verbose', `Node ${sender.name} reported node ${node.name} as not reachable.`)
    markAsFailingIfNeeded(cluster, node)
  } else if (deleteFailureReport(cluster, node, sender))
    server.log('verbose', `Node ${sender.name} reported node ${node.name} is back online.`)
}
function moveTo(node: ClusterNode, g: GossipEntry): void {
  node.ip = g.ip
  node.port = g.port
  node.pport = g.pport
  node.cport = g.cport
}
function hearOfKnown(cluster: Cluster, sender: ClusterNode | null, node: ClusterNode, g: GossipEntry): void {
  const failing = (g.flags & (NODE_FAIL | NODE_PFAIL)) !== 0
  if (sender?.isMaster && node !== cluster.myself) hearOfFailure(cluster, sender, node, failing)
  if (!failing && node.pingSentMs === 0 && failureReportCount(cluster, node) === 0) {
    // Another heard from it later than this node: no need to ask so soon. Unless its clock is ahead.
    const pong = g.pongReceived * 1000
    if (pong <= cluster.nowMs + 500 && pong > node.pongReceivedMs) node.pongReceivedMs = pong
  }
  const elsewhere = node.ip.toLowerCase() !== g.ip.toLowerCase() || node.port !== g.port || node.cport !== g.cport
  if (node.flags & (NODE_FAIL | NODE_PFAIL) && (g.flags & NODE_NOADDR) === 0 && !failing && elsewhere) {
    if (node.link !== null) freeLink(cluster, node.link)
    moveTo(node, g)
    node.flags &= ~NODE_NOADDR
  }
}
export function processGossip(cluster: Cluster, m: ClusterMessage, link: ClusterLink): void {
  if (m.body.kind !== 'ping') return
  const sender = link.node ?? cluster.lookup(m.sender)
  const verbose = cluster.server.config.loglevel === 'debug'
  for (const g of m.body.gossip) {
    if (verbose) cluster.server.log('debug', `GOSSIP ${g.name} ${g.ip}:${g.port}@${g.cport} ${flagNames(g.flags)}`)
    const node = cluster.lookup(g.name)
    if (node !== null) hearOfKnown(cluster, sender, node, g)
    else if (sender !== null && (g.flags & NODE_NOADDR) === 0 && !blacklistHas(cluster, g.name))
      moveTo(createNode(cluster, g.name, g.flags), g)
  }
}
/** clusterProcessPingExtensions: without one for it, a node has no hostname. */
export function processExtensions(cluster: Cluster, m: ClusterMessage, link: ClusterLink): void {
  if (m.body.kind !== 'ping') return
  const sender = link.node ?? cluster.lookup(m.sender)
  let hostname = ''
  for (const e of m.body.extensions) {
    if (e.type === EXT_HOSTNAME) hostname = e.data.split('\0', 1)[0] as Bytes
    else cluster.server.log('warning', `Received unknown extension type ${e.type}`)
  }
  if (sender !== null) sender.hostname = hostname
}
