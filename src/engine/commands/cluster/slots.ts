/**
 * CLUSTER's commands about slots: who serves them (ADDSLOTS and its kin), which are on the move (SETSLOT), what is in them.
 *
 *   moving slot 7 from A to B:   B: SETSLOT 7 IMPORTING A      A: SETSLOT 7 MIGRATING B
 *                                A: GETKEYSINSLOT 7 n, MIGRATE ... until there are none
 *                                B: SETSLOT 7 NODE B           A: SETSLOT 7 NODE B
 *
 * All arguments are looked at before anything changes.
 */
import type { Bytes } from '../../bytes/bytes.ts'
import { keyHashSlot } from '../../bytes/crc16.ts'
import { type Cluster, TODO_FSYNC_CONFIG, TODO_SAVE_CONFIG, TODO_UPDATE_STATE } from '../../cluster/cluster.ts'
import { bumpConfigEpochWithoutConsensus } from '../../cluster/epochs.ts'
import { broadcastPong } from '../../cluster/gossip.ts'
import { CLUSTER_SLOTS, type ClusterNode } from '../../cluster/node.ts'
import { countKeysInSlot } from '../../cluster/routing.ts'
import { addSlot, delNodeSlots, delSlot, setMyMaster } from '../../cluster/slots.ts'
import { OK, type Reply } from '../../protocol/reply.ts'
import { fail, parseIntArg, word, wrongArity } from '../args.ts'
import { type ClusterHandler, nodeArg, slotArg } from './common.ts'

/** checkSlotAssignmentsOrReply */
function choose(cluster: Cluster, chosen: Set<number>, slot: number, del: boolean): void {
  if (del && !cluster.slots[slot]) fail(`ERR Slot ${slot} is already unassigned`)
  if (!del && cluster.slots[slot]) fail(`ERR Slot ${slot} is already busy`)
  if (chosen.has(slot)) fail(`ERR Slot ${slot} specified multiple times`)
  chosen.add(slot)
}
/** clusterUpdateSlots */
function apply(cluster: Cluster, chosen: ReadonlySet<number>, del: boolean): Reply {
  for (const slot of [...chosen].sort((a, b) => a - b)) {
    // Now that it is ours there is nobody to import it from.
    cluster.importingSlotsFrom[slot] = null
    if (del) delSlot(cluster, slot)
    else addSlot(cluster, cluster.myself, slot)
  }
  const { name: node, configEpoch: epoch } = cluster.myself
  if (!del) cluster.notice?.({ kind: 'claim', node, epoch, from: '', slots: [...chosen], why: 'ADDSLOTS' })
  cluster.doBeforeSleep(TODO_UPDATE_STATE | TODO_SAVE_CONFIG)
  return OK
}
export const assign =
  (del: boolean): ClusterHandler =>
  (cluster, argv) => {
    const slots = argv.slice(2).map(slotArg)
    const chosen = new Set<number>()
    for (const slot of slots) choose(cluster, chosen, slot, del)
    return apply(cluster, chosen, del)
  }
export const assignRange =
  (del: boolean): ClusterHandler =>
  (cluster, argv) => {
    if (argv.length % 2 === 1) wrongArity(del ? 'cluster|delslotsrange' : 'cluster|addslotsrange')
    const chosen = new Set<number>()
    for (let i = 2; i < argv.length; i += 2) {
      const start = slotArg(argv[i])
      const end = slotArg(argv[i + 1])
      if (start > end) fail(`ERR start slot number ${start} is greater than end slot number ${end}`)
      for (let slot = start; slot <= end; slot++) choose(cluster, chosen, slot, del)
    }
    return apply(cluster, chosen, del)
  }
export const flushSlots: ClusterHandler = (cluster) => {
  if ((cluster.server.dbs[0]?.size ?? 0) !== 0) fail('ERR DB must be empty to perform CLUSTER FLUSHSLOTS.')
  delNodeSlots(cluster, cluster.myself)
  cluster.doBeforeSleep(TODO_UPDATE_STATE | TODO_SAVE_CONFIG)
  return OK
}

function otherMaster(cluster: Cluster, name: Bytes | undefined, unknown: string): ClusterNode {
  const node = nodeArg(cluster, name, unknown)
  if (node.isSlave) fail('ERR Target node is not a master')
  return node
}
/** SETSLOT slot NODE name: the slot changes hands; on its new owner that is a new epoch. */
function giveTo(cluster: Cluster, slot: number, name: Bytes | undefined): void {
  const node = otherMaster(cluster, name, 'Unknown node')
  const { myself, server, slots, migratingSlotsTo, importingSlotsFrom } = cluster
  const wasMine = slots[slot] === myself
  const keys = countKeysInSlot(cluster, slot)
  if (wasMine && node !== myself && keys !== 0)
    fail(`ERR Can't assign hashslot ${slot} to a different node while I still hold keys for this hash slot.`)
  if (keys === 0) migratingSlotsTo[slot] = null
  const before = slots[slot]
  delSlot(cluster, slot)
  addSlot(cluster, node, slot)
  if (before !== node) server.tap?.({ kind: 'slot moved', text: `${slot} to ${node.name}` })
  if (wasMine && node !== myself && myself.numslots === 0 && server.config.clusterAllowReplicaMigration) {
    server.log('warning', `Configuration change detected. Reconfiguring myself as a replica of ${node.name}`)
    setMyMaster(cluster, node)
    cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_UPDATE_STATE | TODO_FSYNC_CONFIG)
  }
  if (node === myself && importingSlotsFrom[slot]) {
    // Nobody else has to agree: whoever moves slots by hand sees to it that one node at a time does this.
    if (bumpConfigEpochWithoutConsensus(cluster, `SETSLOT ${slot} NODE`))
      server.log('warning', `configEpoch updated after importing slot ${slot}`)
    importingSlotsFrom[slot] = null
    broadcastPong(cluster, 'all')
  }
  const from = before?.name ?? ''
  if (before !== node)
    cluster.notice?.({ kind: 'claim', node: node.name, epoch: node.configEpoch, from, slots: [slot], why: 'SETSLOT' })
}
export const setSlot: ClusterHandler = (cluster, argv) => {
  const { myself, slots, migratingSlotsTo, importingSlotsFrom } = cluster
  if (myself.isSlave) fail('ERR Please use SETSLOT only with masters.')
  const slot = slotArg(argv[2])
  const action = argv.length === 5 ? word(argv[3]) : argv.length === 4 && word(argv[3]) === 'stable' ? 'stable' : ''
  if (action === 'migrating') {
    if (slots[slot] !== myself) fail(`ERR I'm not the owner of hash slot ${slot}`)
    migratingSlotsTo[slot] = otherMaster(cluster, argv[4], "I don't know about node")
    cluster.server.tap?.({ kind: 'migrating', text: `${slot} to ${migratingSlotsTo[slot].name}` })
  } else if (action === 'importing') {
    if (slots[slot] === myself) fail(`ERR I'm already the owner of hash slot ${slot}`)
    importingSlotsFrom[slot] = otherMaster(cluster, argv[4], "I don't know about node")
    cluster.server.tap?.({ kind: 'importing', text: `${slot} from ${importingSlotsFrom[slot].name}` })
  } else if (action === 'stable' && argv.length === 4) {
    importingSlotsFrom[slot] = null
    migratingSlotsTo[slot] = null
  } else if (action === 'node') giveTo(cluster, slot, argv[4])
  else fail('ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP')
  cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_UPDATE_STATE)
  return OK
}

export const keySlot: ClusterHandler = (_, argv) => keyHashSlot(argv[2] as Bytes)
export const countKeys: ClusterHandler = (cluster, argv) => {
  const slot = Number(parseIntArg(argv[2]))
  return slot < 0 || slot >= CLUSTER_SLOTS ? fail('ERR Invalid slot') : countKeysInSlot(cluster, slot)
}
export const getKeys: ClusterHandler = (cluster, argv) => {
  const slot = Number(parseIntArg(argv[2]))
  const most = Number(parseIntArg(argv[3]))
  if (slot < 0 || slot >= CLUSTER_SLOTS || most < 0) fail('ERR Invalid slot or number of keys')
  const db = cluster.server.dbs[0]
  return db?.slotKeys?.some(db.dict, slot, most) ?? []
}
