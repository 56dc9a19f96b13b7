/** CLUSTER, and what a client says to a node of one: ASKING, READONLY, READWRITE. */
import { OK, status } from '../../protocol/reply.ts'
import type { CommandImpl } from '../command.ts'
import { type ClusterHandler, clustered } from './common.ts'
import { CLUSTER_HELP } from './help.ts'
import { shards, slots } from './map.ts'
import * as node from './nodes.ts'
import * as slot from './slots.ts'

const asking: ClusterHandler = (_cluster, _argv, { client }) => {
  client.asking = true
  return OK
}
const readonly =
  (on: boolean): ClusterHandler =>
  (_cluster, _argv, { client }) => {
    client.readonly = on
    return OK
  }

const handlers: Readonly<Record<string, ClusterHandler>> = {
  'cluster|addslots': slot.assign(false),
  'cluster|addslotsrange': slot.assignRange(false),
  'cluster|bumpepoch': node.bumpEpoch,
  'cluster|count-failure-reports': node.countFailureReports,
  'cluster|countkeysinslot': slot.countKeys,
  'cluster|delslots': slot.assign(true),
  'cluster|delslotsrange': slot.assignRange(true),
  'cluster|failover': node.failover,
  'cluster|flushslots': slot.flushSlots,
  'cluster|forget': node.forget,
  'cluster|getkeysinslot': slot.getKeys,
  'cluster|help': () => CLUSTER_HELP.map(status),
  'cluster|info': node.info,
  'cluster|keyslot': slot.keySlot,
  'cluster|links': node.links,
  'cluster|meet': node.meet,
  'cluster|myid': node.myId,
  'cluster|nodes': node.nodes,
  'cluster|replicas': node.replicas,
  'cluster|replicate': node.replicate,
  'cluster|reset': node.reset,
  'cluster|saveconfig': node.save,
  'cluster|set-config-epoch': node.setConfigEpoch,
  'cluster|setslot': slot.setSlot,
  'cluster|shards': shards,
  'cluster|slaves': node.replicas,
  'cluster|slots': slots,
  asking,
  readonly: readonly(true),
  readwrite: readonly(false),
}

export const clusterCommands: readonly CommandImpl[] = Object.entries(handlers).map(([name, handler]) => ({
  name,
  handler: clustered(handler),
}))
