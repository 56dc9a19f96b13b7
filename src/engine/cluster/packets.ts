/**
 * What a packet does here: the one place where a node learns from others.
 *
 *   whose is it? ─▶ epochs, offset ─▶ PING, MEET: answer ─▶ name, flags, address, role, slots, gossip
 *                                                        or: FAIL, PUBLISH, votes, UPDATE …
 *
 * A packet of an unknown node changes nothing, but for MEET: that is an administrator's word. (redis 7.0: clusterProcessPacket)
 */
import type { Bytes } from '../bytes/bytes.ts'
import { bindInboundLink, freeLink } from './bus.ts'
import {
  type Cluster,
  TODO_FSYNC_CONFIG,
  TODO_HANDLE_MANUALFAILOVER,
  TODO_SAVE_CONFIG,
  TODO_UPDATE_STATE,
} from './cluster.ts'
import { onAuthAck, onAuthRequest } from './election.ts'
import { handleConfigEpochCollision } from './epochs.ts'
import { clearFailureIfNeeded } from './failure.ts'
import { processExtensions, processGossip, sendPing } from './gossip.ts'
import type { ClusterLink } from './link.ts'
import { onMfStart } from './manual.ts'
import {
  type ClusterMessage,
  decodeMessage,
  isPing,
  messageType,
  messageTypeName,
  MSG_FAIL,
  MSG_FAILOVER_AUTH_ACK,
  MSG_FAILOVER_AUTH_REQUEST,
  MSG_MEET,
  MSG_MFSTART,
  MSG_MODULE,
  MSG_PING,
  MSG_PONG,
  MSG_PUBLISH,
  MSG_PUBLISHSHARD,
  MSG_UPDATE,
  MSGFLAG0_PAUSED,
} from './message.ts'
import {
  CLUSTER_SLOTS,
  type ClusterNode,
  NODE_FAIL,
  NODE_HANDSHAKE,
  NODE_MASTER,
  NODE_MIGRATE_TO,
  NODE_MYSELF,
  NODE_NOADDR,
  NODE_NOFAILOVER,
  NODE_PFAIL,
  NODE_SLAVE,
  SLOT_BYTES,
} from './node.ts'
import { createNode, deleteNode, ipOf, renameNode, updateAddress } from './nodes.ts'
import {
  delNodeSlots,
  isSlotUnclaimed,
  nodeAddSlave,
  nodeRemoveSlave,
  sendUpdate,
  setNodeAsMaster,
  testBit,
  updateSlotsConfigWith,
} from './slots.ts'

/** One whole packet. Afterwards the link may be closed. */
export function processPacket(cluster: Cluster, link: ClusterLink, packet: Bytes): void {
  const { server } = cluster
  const type = messageType(packet)
  const received = cluster.messagesReceived[type]
  if (received !== undefined) cluster.messagesReceived[type] = received + 1
  if (server.config.loglevel === 'debug')
    server.log('debug', `--- Processing packet of type ${messageTypeName(type)}, ${packet.length} bytes`)
  if (type === cluster.dropPacketFilter) {
    server.log('warning', 'Dropping packet that matches debug drop filter')
    return
  }
  const m = decodeMessage(packet, (text) => server.log('warning', text))
  if (m === null) return
  const sender = senderOf(cluster, link, m)
  if (sender !== null) {
    sender.dataReceivedMs = cluster.nowMs
    if (!sender.inHandshake) learnHeader(cluster, sender, m)
  }
  if (isPing(type)) onPing(cluster, link, sender, m)
  else onOther(cluster, sender, m)
}
/** getNodeFromLinkAndMsg: by the link, else by name; then an accepted link is known to be that node's. */
function senderOf(cluster: Cluster, link: ClusterLink, m: ClusterMessage): ClusterNode | null {
  if (link.node !== null && !link.node.inHandshake) return link.node
  const sender = cluster.lookup(m.sender)
  if (sender !== null && link.node === null) bindInboundLink(cluster, sender, link)
  return sender
}
/** What every packet of a known node says. */
function learnHeader(cluster: Cluster, sender: ClusterNode, m: ClusterMessage): void {
  if (m.currentEpoch > cluster.currentEpoch) {
    cluster.currentEpoch = m.currentEpoch
    cluster.notice?.({ kind: 'current epoch', epoch: m.currentEpoch, by: sender.name, why: messageTypeName(m.type) })
  }
  if (m.configEpoch > sender.configEpoch) {
    sender.configEpoch = m.configEpoch
    const why = messageTypeName(m.type)
    cluster.notice?.({ kind: 'config epoch', node: sender.name, epoch: m.configEpoch, by: sender.name, why })
    cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_FSYNC_CONFIG)
  }
  sender.replOffset = m.offset
  sender.replOffsetTimeMs = cluster.nowMs
  const { myself } = cluster
  if (
    cluster.mfEndMs !== 0 &&
    myself.isSlave &&
    myself.slaveof === sender &&
    (m.mflags & MSGFLAG0_PAUSED) !== 0 &&
    cluster.mfMasterOffset === -1
  ) {
    cluster.mfMasterOffset = sender.replOffset
    cluster.doBeforeSleep(TODO_HANDLE_MANUALFAILOVER)
    cluster.server.log(
      'warning',
      `Received replication offset for paused master manual failover: ${cluster.mfMasterOffset}`,
    )
  }
}

// ---- PING, PONG, MEET

function onPing(cluster: Cluster, link: ClusterLink, sender: ClusterNode | null, m: ClusterMessage): void {
  if (m.type !== MSG_PONG) answer(cluster, link, sender, m)
  if (cluster.server.config.loglevel === 'debug')
    cluster.server.log('debug', `${messageTypeName(m.type)} packet received: ${link.node?.name ?? 'NULL'}`)
  if (!link.inbound && link.node !== null && !isWhoItWas(cluster, link, link.node, sender, m)) return
  if (sender !== null) {
    sender.flags = (sender.flags & ~NODE_NOFAILOVER) | (m.flags & NODE_NOFAILOVER)
    if (m.type === MSG_PING && !sender.inHandshake && updateAddress(cluster, sender, link, m))
      cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_UPDATE_STATE)
  }
  if (!link.inbound && m.type === MSG_PONG && link.node !== null) heardPong(cluster, link.node)
  if (sender === null) return
  learnRole(cluster, sender, m)
  learnSlots(cluster, sender, m)
  if (cluster.myself.isMaster && sender.isMaster && m.configEpoch === cluster.myself.configEpoch)
    handleConfigEpochCollision(cluster, sender)
  processGossip(cluster, m, link)
  processExtensions(cluster, m, link)
}
function answer(cluster: Cluster, link: ClusterLink, sender: ClusterNode | null, m: ClusterMessage): void {
  const { myself, server } = cluster
  // Others reach this node at the address that their packets come to: that is how it learns its own.
  if ((m.type === MSG_MEET || myself.ip === '') && server.config.clusterAnnounceIp === '') {
    const ip = link.link?.localHost ?? ''
    if (ip !== '' && ip !== myself.ip) {
      myself.ip = ip
      server.log('warning', `IP address for this node updated to ${ip}`)
      cluster.doBeforeSleep(TODO_SAVE_CONFIG)
    }
  }
  if (sender === null && m.type === MSG_MEET) {
    const node = createNode(cluster, null, NODE_HANDSHAKE)
    node.ip = ipOf(link, m)
    node.port = m.port
    node.pport = m.pport
    node.cport = m.cport
    cluster.doBeforeSleep(TODO_SAVE_CONFIG)
    processGossip(cluster, m, link)
  }
  sendPing(cluster, link, MSG_PONG)
}
/** An answer on our own link: it gives a node in handshake its name. False: the link is gone. */
function isWhoItWas(
  cluster: Cluster,
  link: ClusterLink,
  node: ClusterNode,
  sender: ClusterNode | null,
  m: ClusterMessage,
): boolean {
  const { server } = cluster
  if (node.inHandshake) {
    if (sender !== null) {
      server.log('verbose', `Handshake: we already know node ${sender.name}, updating the address if needed.`)
      if (updateAddress(cluster, sender, link, m)) cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_UPDATE_STATE)
      deleteNode(cluster, node)
      return false
    }
    renameNode(cluster, node, m.sender)
    server.log('debug', `Handshake with node ${node.name} completed.`)
    node.flags = (node.flags & ~NODE_HANDSHAKE) | (m.flags & (NODE_MASTER | NODE_SLAVE))
    server.tap?.({ kind: 'cluster handshake', node: node.name })
    cluster.doBeforeSleep(TODO_SAVE_CONFIG)
  } else if (node.name !== m.sender) {
    server.log(
      'debug',
      `PONG contains mismatching sender ID. About node ${node.name} added ${cluster.nowMs - node.ctimeMs} ms ago, having flags ${node.flags}`,
    )
    node.flags |= NODE_NOADDR
    node.ip = ''
    node.port = 0
    node.pport = 0
    node.cport = 0
    freeLink(cluster, link)
    cluster.doBeforeSleep(TODO_SAVE_CONFIG)
    return false
  }
  return true
}
function heardPong(cluster: Cluster, node: ClusterNode): void {
  node.pongReceivedMs = cluster.nowMs
  node.pingSentMs = 0
  if (node.timedOut) {
    node.flags &= ~NODE_PFAIL
    cluster.notice?.({ kind: 'flag', node: node.name, flag: 'ok', by: '' })
    cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_UPDATE_STATE)
  } else if (node.failed) clearFailureIfNeeded(cluster, node)
}
/** Master or replica, and whose. */
function learnRole(cluster: Cluster, sender: ClusterNode, m: ClusterMessage): void {
  if (m.slaveof === '') {
    setNodeAsMaster(cluster, sender)
    return
  }
  const master = cluster.lookup(m.slaveof)
  if (sender.isMaster) {
    delNodeSlots(cluster, sender)
    sender.flags = (sender.flags & ~(NODE_MASTER | NODE_MIGRATE_TO)) | NODE_SLAVE
    cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_UPDATE_STATE)
  }
  if (master !== null && sender.slaveof !== master) {
    if (sender.slaveof !== null) nodeRemoveSlave(sender.slaveof, sender)
    nodeAddSlave(master, sender)
    sender.slaveof = master
    cluster.doBeforeSleep(TODO_SAVE_CONFIG)
  }
}
/** Asked of every packet. */
function sameBits(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < SLOT_BYTES; i++) if (a[i] !== b[i]) return false
  return true
}
/** What it claims, and whether somebody claims it with more right. */
function learnSlots(cluster: Cluster, sender: ClusterNode, m: ClusterMessage): void {
  const master = sender.isMaster ? sender : sender.slaveof
  if (master === null || sameBits(m.slots, master.slots)) return
  if (sender.isMaster) updateSlotsConfigWith(cluster, sender, m.configEpoch, m.slots)
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
    if (!testBit(m.slots, slot)) continue
    const owner = cluster.slots[slot]
    if (!owner || owner === sender || isSlotUnclaimed(cluster, slot) || owner.configEpoch <= m.configEpoch) continue
    cluster.server.log(
      'verbose',
      `Node ${sender.name} has old slots configuration, sending an UPDATE message about ${owner.name}`,
    )
    sendUpdate(cluster, sender.link, owner)
    break
  }
}

// ---- The others

function onOther(cluster: Cluster, sender: ClusterNode | null, m: ClusterMessage): void {
  switch (m.type) {
    case MSG_FAIL:
      return onFail(cluster, sender, m)
    case MSG_PUBLISH:
    case MSG_PUBLISHSHARD:
      if (sender !== null && m.body.kind === 'publish') {
        const { pubsub } = cluster.server
        if (m.type === MSG_PUBLISH) pubsub.publish(m.body.channel, m.body.message)
        else pubsub.publishShard(m.body.channel, m.body.message)
      }
      return
    case MSG_FAILOVER_AUTH_REQUEST:
      if (sender !== null) onAuthRequest(cluster, sender, m)
      return
    case MSG_FAILOVER_AUTH_ACK:
      if (sender !== null) onAuthAck(cluster, sender, m)
      return
    case MSG_MFSTART:
      if (sender !== null && sender.slaveof === cluster.myself) onMfStart(cluster, sender)
      return
    case MSG_UPDATE:
      return onUpdate(cluster, sender, m)
    case MSG_MODULE:
      return
    default:
      cluster.server.log('warning', `Received unknown packet type: ${m.type}`)
  }
}
function onFail(cluster: Cluster, sender: ClusterNode | null, m: ClusterMessage): void {
  if (m.body.kind !== 'fail') return
  const { server } = cluster
  const { name } = m.body
  if (sender === null) {
    server.log('notice', `Ignoring FAIL message from unknown node ${m.sender} about ${name}`)
    return
  }
  const failing = cluster.lookup(name)
  if (failing === null || (failing.flags & (NODE_FAIL | NODE_MYSELF)) !== 0) return
  server.log('notice', `FAIL message received from ${m.sender} about ${name}`)
  failing.flags = (failing.flags | NODE_FAIL) & ~NODE_PFAIL
  failing.failTimeMs = cluster.nowMs
  server.tap?.({ kind: 'cluster fail', node: name, by: m.sender })
  cluster.notice?.({ kind: 'flag', node: name, flag: 'FAIL', by: m.sender })
  cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_UPDATE_STATE)
}
function onUpdate(cluster: Cluster, sender: ClusterNode | null, m: ClusterMessage): void {
  if (sender === null || m.body.kind !== 'update') return
  const { configEpoch, name, slots } = m.body
  const node = cluster.lookup(name)
  if (node === null || node.configEpoch >= configEpoch) return
  if (node.isSlave) setNodeAsMaster(cluster, node)
  node.configEpoch = configEpoch
  cluster.notice?.({ kind: 'config epoch', node: name, epoch: configEpoch, by: m.sender, why: 'update' })
  cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_FSYNC_CONFIG)
  updateSlotsConfigWith(cluster, node, configEpoch, slots)
}
