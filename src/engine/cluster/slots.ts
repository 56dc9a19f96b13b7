/**
 * Who owns which of the 16384 slots, and how a newer claim wins.
 *
 *   each PING carries its master's slots and configEpoch ─▶ a slot goes to who claims it with the greater epoch
 *   whoever claims what a greater epoch holds ◀─ UPDATE: here is the owner that you have missed
 *
 * A master that loses its last slot becomes a replica of who took it: that is how a failed master comes back as a replica of
 * the one that replaced it. A slot that this node imports changes hands by command only.
 *
 * Invariant: `cluster.slots[s] === n` exactly when n's bitmap has s; `n.numslots` counts its bits.
 *
 * (redis 7.0: clusterUpdateSlotsConfigWith, cluster.c)
 */
import { buildHeader, sendMessage } from './bus.ts'
import { type Cluster, TODO_FSYNC_CONFIG, TODO_SAVE_CONFIG, TODO_UPDATE_STATE } from './cluster.ts'
import type { ClusterLink } from './link.ts'
import { resetManualFailover } from './manual.ts'
import { MSG_UPDATE } from './message.ts'
import { CLUSTER_SLOTS, type ClusterNode, NODE_MASTER, NODE_MIGRATE_TO, NODE_SLAVE } from './node.ts'
import { countKeysInSlot, delKeysInSlot, removeChannelsInSlot } from './routing.ts'

export const testBit = (bits: Uint8Array, slot: number): boolean =>
  ((bits[slot >>> 3] as number) & (1 << (slot & 7))) !== 0
const setBit = (bits: Uint8Array, slot: number): void => {
  bits[slot >>> 3] = (bits[slot >>> 3] as number) | (1 << (slot & 7))
}
const clearBit = (bits: Uint8Array, slot: number): void => {
  bits[slot >>> 3] = (bits[slot >>> 3] as number) & ~(1 << (slot & 7))
}
const SAVE_AND_UPDATE = TODO_SAVE_CONFIG | TODO_UPDATE_STATE | TODO_FSYNC_CONFIG

function mastersHaveSlaves(cluster: Cluster): boolean {
  for (const node of cluster.nodes.values()) if (!node.isSlave && node.slaves.length > 0) return true
  return false
}
/** False: somebody owns it. */
export function addSlot(cluster: Cluster, node: ClusterNode, slot: number): boolean {
  if (cluster.slots[slot]) return false
  if (!testBit(node.slots, slot)) {
    setBit(node.slots, slot)
    node.numslots++
    // A master's first slot: replicas may move to it, if there are any.
    if (node.numslots === 1 && mastersHaveSlaves(cluster)) node.flags |= NODE_MIGRATE_TO
  }
  cluster.slots[slot] = node
  return true
}
/** False: nobody did. */
export function delSlot(cluster: Cluster, slot: number): boolean {
  const node = cluster.slots[slot]
  if (!node) return false
  const master = node.isMaster ? node : node.slaveof
  const { myself } = cluster
  if (master !== null && (myself === master || master.slaves.includes(myself))) removeChannelsInSlot(cluster, slot)
  if (testBit(node.slots, slot)) {
    clearBit(node.slots, slot)
    node.numslots--
  }
  cluster.slots[slot] = null
  return true
}
/** How many it had. */
export function delNodeSlots(cluster: Cluster, node: ClusterNode): number {
  let deleted = 0
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
    if (!testBit(node.slots, slot)) continue
    delSlot(cluster, slot)
    deleted++
  }
  return deleted
}
/** Nothing is being migrated or imported any more. */
export function closeAllSlots(cluster: Cluster): void {
  cluster.migratingSlotsTo.fill(null)
  cluster.importingSlotsFrom.fill(null)
}
export function setNodeAsMaster(cluster: Cluster, node: ClusterNode): void {
  if (node.isMaster) return
  if (node.slaveof !== null) {
    nodeRemoveSlave(node.slaveof, node)
    if (node !== cluster.myself) node.flags |= NODE_MIGRATE_TO
  }
  node.flags = (node.flags & ~NODE_SLAVE) | NODE_MASTER
  node.slaveof = null
  cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_UPDATE_STATE)
}
/** clusterSetMaster: this node becomes a replica of `node`. */
export function setMyMaster(cluster: Cluster, node: ClusterNode): void {
  const { myself } = cluster
  if (myself.isMaster) {
    myself.flags = (myself.flags & ~(NODE_MASTER | NODE_MIGRATE_TO)) | NODE_SLAVE
    closeAllSlots(cluster)
  } else if (myself.slaveof !== null) nodeRemoveSlave(myself.slaveof, myself)
  myself.slaveof = node
  nodeAddSlave(node, myself)
  cluster.server.repl?.setMaster(node.ip, node.port)
  resetManualFailover(cluster)
}
/** False: it was one already. */
export function nodeAddSlave(master: ClusterNode, slave: ClusterNode): boolean {
  if (master.slaves.includes(slave)) return false
  master.slaves.push(slave)
  master.flags |= NODE_MIGRATE_TO
  return true
}
export function nodeRemoveSlave(master: ClusterNode, slave: ClusterNode): boolean {
  const at = master.slaves.indexOf(slave)
  if (at < 0) return false
  master.slaves.splice(at, 1)
  if (master.slaves.length === 0) master.flags &= ~NODE_MIGRATE_TO
  return true
}

/** Nobody owns it, or its owner (or, as in 7.0.15, the one before) has stopped to say so. */
export const isSlotUnclaimed = (cluster: Cluster, slot: number): boolean =>
  !cluster.slots[slot] || testBit(cluster.ownerNotClaimingSlot, slot)

/** `sender` (or who an UPDATE is about) claims `bits` as of `epoch`. */
export function updateSlotsConfigWith(cluster: Cluster, sender: ClusterNode, epoch: number, bits: Uint8Array): void {
  const { myself, server, slots } = cluster
  if (sender === myself) {
    server.log('warning', 'Discarding UPDATE message about myself.')
    return
  }
  const curMaster = cluster.myMaster
  let newMaster: ClusterNode | null = null
  let senderSlots = 0
  let migratedOurSlots = 0
  /** Lost, with keys in them. */
  const dirty: number[] = []
  const taken = cluster.notice === null ? null : new Map<string, number[]>()
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
    const owner = slots[slot] ?? null
    if (!testBit(bits, slot)) {
      // It claims it no more. The slot stays where it is, lest the cluster be down for it, but is open to any other claim.
      if (owner === sender) setBit(cluster.ownerNotClaimingSlot, slot)
      continue
    }
    senderSlots++
    if (owner === sender) {
      clearBit(cluster.ownerNotClaimingSlot, slot)
      continue
    }
    if (cluster.importingSlotsFrom[slot]) continue
    if (!isSlotUnclaimed(cluster, slot) && (owner as ClusterNode).configEpoch >= epoch) continue
    if (owner === myself && countKeysInSlot(cluster, slot) > 0) dirty.push(slot)
    if (owner !== null && owner === curMaster) {
      newMaster = sender
      migratedOurSlots++
    }
    if (taken !== null) {
      const from = owner?.name ?? ''
      const of = taken.get(from)
      if (of === undefined) taken.set(from, [slot])
      else of.push(slot)
    }
    delSlot(cluster, slot)
    addSlot(cluster, sender, slot)
    clearBit(cluster.ownerNotClaimingSlot, slot)
    cluster.doBeforeSleep(SAVE_AND_UPDATE)
  }
  for (const [from, of] of taken ?? [])
    cluster.notice?.({ kind: 'claim', node: sender.name, epoch, from, slots: of, why: 'heard' })
  followNewOwner(cluster, sender, {
    lastSlotLost: newMaster !== null && curMaster !== null && curMaster.numslots === 0,
    wholeShard: senderSlots === migratedOurSlots,
    dirty,
  })
}
interface Loss {
  readonly lastSlotLost: boolean
  /** The sender has our slots and no others. */
  readonly wholeShard: boolean
  readonly dirty: readonly number[]
}
/** What the loss of slots means for this node: another master to follow, or keys to drop. */
function followNewOwner(cluster: Cluster, sender: ClusterNode, loss: Loss): void {
  const { myself, server } = cluster
  const grandmaster = myself.slaveof?.slaveof ?? null
  if (loss.lastSlotLost && (server.config.clusterAllowReplicaMigration || loss.wholeShard)) {
    server.log('warning', `Configuration change detected. Reconfiguring myself as a replica of ${sender.name}`)
    setMyMaster(cluster, sender)
    cluster.doBeforeSleep(SAVE_AND_UPDATE)
  } else if (grandmaster !== null && grandmaster !== myself) {
    server.log('warning', `I'm a sub-replica! Reconfiguring myself as a replica of grandmaster ${grandmaster.name}`)
    setMyMaster(cluster, grandmaster)
    cluster.doBeforeSleep(SAVE_AND_UPDATE)
  } else for (const slot of loss.dirty) delKeysInSlot(cluster, slot)
}
/** Tells whom `link` leads to what `node` owns. */
export function sendUpdate(cluster: Cluster, link: ClusterLink | null, node: ClusterNode): void {
  if (link === null) return
  const m = buildHeader(cluster, MSG_UPDATE)
  const claimed = node.slots.map((byte, i) => byte & ~(cluster.ownerNotClaimingSlot[i] as number))
  m.body = { kind: 'update', configEpoch: node.configEpoch, name: node.name, slots: claimed }
  sendMessage(cluster, link, m)
}
