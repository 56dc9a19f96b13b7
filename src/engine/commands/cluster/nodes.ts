/** CLUSTER's commands about nodes: who belongs to the cluster, who replicates whom, what this node knows. */
import type { Bytes } from '../../bytes/bytes.ts'
import { parseInt64 } from '../../bytes/numbers.ts'
import { blacklistAdd, deleteNode, resetCluster } from '../../cluster/bus.ts'
import { type Cluster, MESSAGE_TYPES, TODO_SAVE_CONFIG, TODO_UPDATE_STATE } from '../../cluster/cluster.ts'
import { bumpConfigEpochWithoutConsensus, noticeOwn } from '../../cluster/epochs.ts'
import { failureReportCount } from '../../cluster/failure.ts'
import { startHandshake } from '../../cluster/gossip.ts'
import type { ClusterLink } from '../../cluster/link.ts'
import { startManualFailover } from '../../cluster/manual.ts'
import { BUS_PORT_INCREMENT, CLUSTER_SLOTS } from '../../cluster/node.ts'
import { describeNode, describeNodes, saveConfig } from '../../cluster/nodes-conf.ts'
import { setMyMaster } from '../../cluster/slots.ts'
import { map, OK, type Reply, status, verbatim } from '../../protocol/reply.ts'
import { cText, fail, parseIntArg, syntaxError, word } from '../args.ts'
import { answerLater } from '../server/config.ts'
import { type ClusterHandler, nodeArg, unknownForm } from './common.ts'

const SAVE_AND_UPDATE = TODO_UPDATE_STATE | TODO_SAVE_CONFIG

function portArg(arg: Bytes | undefined, which: string): number {
  const port = parseInt64(arg ?? '')
  return port === null ? fail(`ERR Invalid TCP ${which} port specified: ${cText(arg)}`) : Number(port)
}
export const meet: ClusterHandler = (cluster, argv) => {
  if (argv.length > 5) unknownForm(argv)
  const port = portArg(argv[3], 'base')
  const busPort = argv.length === 5 ? portArg(argv[4], 'bus') : port + BUS_PORT_INCREMENT
  if (startHandshake(cluster, argv[2] as Bytes, port, busPort) === 'invalid')
    fail(`ERR Invalid node address specified: ${cText(argv[2])}:${cText(argv[3])}`)
  return OK
}
export const forget: ClusterHandler = (cluster, argv) => {
  const node = nodeArg(cluster, argv[2])
  const { myself } = cluster
  if (node === myself) fail("ERR I tried hard but I can't forget myself...")
  if (myself.isSlave && myself.slaveof === node) fail("ERR Can't forget my master!")
  blacklistAdd(cluster, node)
  deleteNode(cluster, node)
  cluster.doBeforeSleep(SAVE_AND_UPDATE)
  return OK
}
export const replicate: ClusterHandler = (cluster, argv) => {
  const node = nodeArg(cluster, argv[2])
  const { myself, server } = cluster
  if (node === myself) fail("ERR Can't replicate myself")
  if (node.isSlave) fail('ERR I can only replicate a master, not a replica.')
  if (myself.isMaster && (myself.numslots !== 0 || (server.dbs[0]?.size ?? 0) !== 0))
    fail('ERR To set a master the node must be empty and without assigned slots.')
  setMyMaster(cluster, node)
  cluster.doBeforeSleep(SAVE_AND_UPDATE)
  return OK
}
export const replicas: ClusterHandler = (cluster, argv) => {
  const node = nodeArg(cluster, argv[2])
  if (node.isSlave) fail('ERR The specified node is not a master')
  return node.slaves.map((slave) => describeNode(cluster, slave))
}
export const countFailureReports: ClusterHandler = (cluster, argv) =>
  failureReportCount(cluster, nodeArg(cluster, argv[2]))

export const failover: ClusterHandler = (cluster, argv) => {
  if (argv.length > 3) unknownForm(argv)
  const kind = argv.length === 3 ? word(argv[2]) : 'default'
  if (argv.length === 3 && kind !== 'force' && kind !== 'takeover') syntaxError()
  const { myself } = cluster
  if (myself.isMaster) fail('ERR You should send CLUSTER FAILOVER to a replica')
  const master = myself.slaveof
  if (master === null) fail("ERR I'm a replica but my master is unknown to me")
  if ((master.failed || master.link === null) && kind === 'default')
    fail('ERR Master is down or failed, please use CLUSTER FAILOVER FORCE')
  startManualFailover(cluster, kind as 'default' | 'force' | 'takeover')
  return OK
}

export const bumpEpoch: ClusterHandler = (cluster) =>
  status(`${bumpConfigEpochWithoutConsensus(cluster, 'BUMPEPOCH') ? 'BUMPED' : 'STILL'} ${cluster.myself.configEpoch}`)
export const setConfigEpoch: ClusterHandler = (cluster, argv) => {
  const epoch = Number(parseIntArg(argv[2]))
  const { myself, server } = cluster
  if (epoch < 0) fail(`ERR Invalid config epoch specified: ${epoch}`)
  if (cluster.nodes.size > 1)
    fail('ERR The user can assign a config epoch only when the node does not know any other node.')
  if (myself.configEpoch !== 0) fail('ERR Node config epoch is already non-zero')
  myself.configEpoch = epoch
  server.log('warning', `configEpoch set to ${epoch} via CLUSTER SET-CONFIG-EPOCH`)
  if (cluster.currentEpoch < epoch) cluster.currentEpoch = epoch
  noticeOwn(cluster, 'SET-CONFIG-EPOCH')
  cluster.doBeforeSleep(SAVE_AND_UPDATE)
  return OK
}
export const reset: ClusterHandler = (cluster, argv, c) => {
  if (argv.length > 3) unknownForm(argv)
  const kind = argv.length === 3 ? word(argv[2]) : 'soft'
  if (kind !== 'hard' && kind !== 'soft') syntaxError()
  if (cluster.myself.isMaster && c.db.size !== 0)
    fail("ERR CLUSTER RESET can't be called with master nodes containing keys")
  resetCluster(cluster, kind === 'hard')
  return OK
}
export const save: ClusterHandler = (cluster, _, c) =>
  answerLater(c, (answer) =>
    saveConfig(cluster, true, (ok) =>
      answer(ok ? OK : { t: 'error', text: 'ERR error saving the cluster node config: Input/output error' }),
    ),
  )

export const nodes: ClusterHandler = (cluster) => verbatim(describeNodes(cluster, 0))
export const myId: ClusterHandler = (cluster) => cluster.myself.name

function slotCounts(cluster: Cluster): { assigned: number; ok: number; pfail: number; fail: number } {
  const n = { assigned: 0, ok: 0, pfail: 0, fail: 0 }
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
    const owner = cluster.slots[slot]
    if (!owner) continue
    n.assigned++
    if (owner.failed) n.fail++
    else if (owner.timedOut) n.pfail++
    else n.ok++
  }
  return n
}
function messageLines(counts: readonly number[], direction: 'sent' | 'received'): string[] {
  const lines = MESSAGE_TYPES.flatMap((type, i) =>
    counts[i] ? [`cluster_stats_messages_${type}_${direction}:${counts[i]}`] : [],
  )
  return [...lines, `cluster_stats_messages_${direction}:${counts.reduce((sum, n) => sum + n, 0)}`]
}
export const info: ClusterHandler = (cluster) => {
  const slots = slotCounts(cluster)
  const lines = [
    `cluster_state:${cluster.state}`,
    `cluster_slots_assigned:${slots.assigned}`,
    `cluster_slots_ok:${slots.ok}`,
    `cluster_slots_pfail:${slots.pfail}`,
    `cluster_slots_fail:${slots.fail}`,
    `cluster_known_nodes:${cluster.nodes.size}`,
    `cluster_size:${cluster.size}`,
    `cluster_current_epoch:${cluster.currentEpoch}`,
    `cluster_my_epoch:${(cluster.myMaster ?? cluster.myself).configEpoch}`,
    ...messageLines(cluster.messagesSent, 'sent'),
    ...messageLines(cluster.messagesReceived, 'received'),
    `total_cluster_links_buffer_limit_exceeded:${cluster.exceededSendBufferLimit}`,
  ]
  return verbatim(`${lines.join('\r\n')}\r\n`)
}

function describeLink(link: ClusterLink, name: Bytes): Reply {
  return map([
    'direction',
    link.inbound ? 'from' : 'to',
    'node',
    name,
    'create-time',
    link.ctimeMs,
    'events',
    link.pendingBytes > 0 ? 'rw' : 'r',
    'send-buffer-allocated',
    link.pendingBytes,
    'send-buffer-used',
    link.pendingBytes,
  ])
}
export const links: ClusterHandler = (cluster) =>
  [...cluster.nodes.values()].flatMap((node) =>
    [node.link, node.inboundLink].flatMap((link) => (link === null ? [] : [describeLink(link, node.name)])),
  )
