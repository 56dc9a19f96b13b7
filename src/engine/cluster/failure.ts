/**
 * From "I can't reach it" to "we can't", and back.
 *
 *      no answer for node timeout ─▶ PFAIL, here only ──┐
 *      masters that say the same of it, in gossip ──────┴─ a majority ─▶ FAIL, told to all at once
 *
 * A report counts for two node timeouts. A replica that answers again is well at once; so is a master without slots. A
 * master with slots is given time to be failed over first: two node timeouts.
 *
 * (redis 7.0: markNodeAsFailingIfNeeded, cluster.c)
 */
import type { Bytes } from '../bytes/bytes.ts'
import { broadcastMessage, buildHeader } from './bus.ts'
import { type Cluster, TODO_SAVE_CONFIG, TODO_UPDATE_STATE } from './cluster.ts'
import { MSG_FAIL } from './message.ts'
import { type ClusterNode, NODE_FAIL, NODE_PFAIL } from './node.ts'

/** In node timeouts: how long a report holds, and how long a master that answers again stays FAIL. */
const FAIL_REPORT_VALIDITY_MULT = 2
const FAIL_UNDO_TIME_MULT = 2

/** False: the sender had reported it before (now again). */
export function addFailureReport(cluster: Cluster, failing: ClusterNode, sender: ClusterNode): boolean {
  const known = failing.failReports.find((r) => r.node === sender)
  if (known !== undefined) {
    known.timeMs = cluster.nowMs
    return false
  }
  failing.failReports.push({ node: sender, timeMs: cluster.nowMs })
  cluster.notice?.({ kind: 'report', node: failing.name, by: sender.name })
  return true
}
function cleanup(cluster: Cluster, node: ClusterNode): void {
  if (node.failReports.length === 0) return
  const oldest = cluster.nowMs - cluster.server.config.clusterNodeTimeout * FAIL_REPORT_VALIDITY_MULT
  node.failReports = node.failReports.filter((r) => r.timeMs >= oldest)
}
/** False: there was no report of this sender. */
export function deleteFailureReport(cluster: Cluster, node: ClusterNode, sender: ClusterNode): boolean {
  const at = node.failReports.findIndex((r) => r.node === sender)
  if (at < 0) return false
  node.failReports.splice(at, 1)
  cleanup(cluster, node)
  return true
}
/** How many other masters say that it fails. */
export function failureReportCount(cluster: Cluster, node: ClusterNode): number {
  cleanup(cluster, node)
  return node.failReports.length
}
export function markAsFailingIfNeeded(cluster: Cluster, node: ClusterNode): void {
  if (!node.timedOut || node.failed) return
  let failures = failureReportCount(cluster, node)
  if (cluster.myself.isMaster) failures++
  if (failures < cluster.quorum) return
  cluster.server.log('notice', `Marking node ${node.name} as failing (quorum reached).`)
  node.flags = (node.flags & ~NODE_PFAIL) | NODE_FAIL
  node.failTimeMs = cluster.nowMs
  cluster.server.tap?.({ kind: 'cluster fail', node: node.name, by: 'quorum' })
  cluster.notice?.({ kind: 'flag', node: node.name, flag: 'FAIL', by: '' })
  sendFail(cluster, node.name)
  cluster.doBeforeSleep(TODO_UPDATE_STATE | TODO_SAVE_CONFIG)
}
/** A node that is FAIL has answered. */
export function clearFailureIfNeeded(cluster: Cluster, node: ClusterNode): void {
  const { server } = cluster
  let why: string | null = null
  if (node.isSlave) why = 'replica is reachable again.'
  else if (node.numslots === 0) why = 'master without slots is reachable again.'
  else if (node.isMaster && cluster.nowMs - node.failTimeMs > server.config.clusterNodeTimeout * FAIL_UNDO_TIME_MULT)
    why = 'is reachable again and nobody is serving its slots after some time.'
  if (why === null) return
  server.log('notice', `Clear FAIL state for node ${node.name}: ${why}`)
  node.flags &= ~NODE_FAIL
  server.tap?.({ kind: 'cluster clear fail', node: node.name })
  cluster.notice?.({ kind: 'flag', node: node.name, flag: 'ok', by: '' })
  cluster.doBeforeSleep(TODO_UPDATE_STATE | TODO_SAVE_CONFIG)
}
/** To all: this node has failed. */
export function sendFail(cluster: Cluster, name: Bytes): void {
  const m = buildHeader(cluster, MSG_FAIL)
  m.body = { kind: 'fail', name }
  broadcastMessage(cluster, m)
}
