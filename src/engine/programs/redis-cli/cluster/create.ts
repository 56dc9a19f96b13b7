/** --cluster create: empty nodes become a cluster. */
import type { Bytes } from '../../../bytes/bytes.ts'
import { isError } from '../format.ts'
import { type Part, sleep } from '../modes/step.ts'
import { checkCluster } from './check.ts'
import { BUS_PORT_OFFSET, type ClusterManager, ClusterNode, parseAddress, SLOTS } from './manager.ts'
import { isClusterNode, isEmptyNode, loadCluster, loadInfo, meetArgs, showNodes, waitForJoin } from './nodes.ts'
import { assignReplicas, affinity, distribute, interleave, optimizeAffinity } from './plan.ts'

const JOIN_STARTS_MICROS = 1_000_000

function* connectAll(m: ClusterManager): Part<boolean> {
  for (const word of m.o.argv) {
    const at = parseAddress(word)
    if (at === null) {
      m.complain(`Invalid address format: ${word}\n`)
      return false
    }
    const node = new ClusterNode(at.ip, at.port, at.busPort)
    if (!(yield* m.connect(node))) return false
    if (!(yield* isClusterNode(m, node))) return false
    if (!(yield* loadInfo(m, node, null))) return false
    if (!(yield* isEmptyNode(m, node))) return false
    m.nodes.push(node)
  }
  return true
}

/** Slots to masters, replicas to them: on paper. */
function plan(m: ClusterManager, masterCount: number): void {
  m.info(`>>> Performing hash slots allocation on ${m.nodes.length} nodes...\n`)
  const order = interleave(m.nodes)
  const masters = order.slice(0, masterCount)
  distribute(masterCount).forEach(({ first, last }, i) => {
    const master = masters[i] as ClusterNode
    m.print(`Master[${i}] -> Slots ${first} - ${last}\n`)
    master.slots.fill(1, first, last + 1)
    master.slotsCount = last - first + 1
    master.dirty = true
  })
  for (const a of assignReplicas(masters, order.slice(masterCount), m.o.replicas)) {
    if (a === null) {
      m.print('Adding extra replicas...\n')
      continue
    }
    a.replica.replicate = a.master.name
    a.replica.dirty = true
    m.print(`Adding replica ${a.replica.address} to ${a.master.address}\n`)
  }
  if (affinity(m.nodes).score === 0) return
  m.info('>>> Trying to optimize slaves allocation for anti-affinity\n')
  const score = optimizeAffinity(m.nodes, m.c.below)
  if (score === 0) m.ok('[OK] Perfect anti-affinity obtained!\n')
  else if (score >= 10_000) m.warn('[WARNING] Some slaves are in the same host as their master\n')
  else m.warn('[WARNING] Some slaves of the same master are in the same host\n')
}

/** Tells a node its slots or its master; a master that nobody knows yet is told again later. The error, if any. */
function* flush(m: ClusterManager, node: ClusterNode): Part<{ readonly error: Bytes | null } | null> {
  if (!node.dirty) return null
  const slots: Bytes[] = []
  for (let i = 0; i < SLOTS; i++) if (node.slots[i]) slots.push(String(i))
  const argv = node.replicate === null ? ['ADDSLOTS', ...slots] : ['REPLICATE', node.replicate]
  const reply = yield* m.call(node, 'CLUSTER', ...argv)
  const failed = reply === undefined || isError(reply)
  if (node.replicate === null || !failed) node.dirty = false
  if (!failed) return null
  return { error: reply === undefined ? null : reply.text }
}

function* meetAll(m: ClusterManager): Part<boolean> {
  m.info('>>> Sending CLUSTER MEET messages to join the cluster\n')
  const [first, ...others] = m.nodes
  for (const node of others) {
    const reply = yield* m.call(node, 'cluster', 'meet', ...meetArgs(first as ClusterNode, BUS_PORT_OFFSET))
    if (reply !== undefined && !isError(reply)) continue
    if (reply === undefined) m.complain('Failed to send CLUSTER MEET command.\n')
    else m.replyError(node, reply.text)
    return false
  }
  return true
}

export function* createCommand(m: ClusterManager): Part<boolean> {
  if (!(yield* connectAll(m))) return false
  const count = m.nodes.length
  const { replicas } = m.o
  const masters = Math.trunc(count / (replicas + 1))
  if (masters < 3) {
    m.err(
      `*** ERROR: Invalid configuration for cluster creation.\n*** Redis Cluster requires at least 3 master nodes.\n*** This is not possible with ${count} nodes and ${replicas} replicas per node.`,
    )
    m.err(`\n*** At least ${3 * (replicas + 1)} nodes are required.\n`)
    return false
  }
  plan(m, masters)
  showNodes(m)
  if (!(yield* m.confirm('Can I set the above configuration?', true))) return true
  for (const node of m.nodes) {
    const failure = yield* flush(m, node)
    if (failure === null || node.replicate !== null) continue
    if (!node.dirty) continue
    if (failure.error !== null) m.replyError(node, failure.error)
    return false
  }
  m.info('>>> Nodes configuration updated\n')
  m.info('>>> Assign a different config epoch to each node\n')
  let epoch = 1
  for (const node of m.nodes) yield* m.call(node, 'cluster', 'set-config-epoch', String(epoch++))
  if (!(yield* meetAll(m))) return false
  // Before the join starts, nodes that know nobody would all agree.
  yield* sleep(JOIN_STARTS_MICROS)
  yield* waitForJoin(m)
  for (const node of m.nodes) {
    if (!node.dirty) continue
    const failure = yield* flush(m, node)
    if (failure === null || node.replicate !== null) continue
    if (failure.error !== null) m.replyError(node, failure.error)
    return false
  }
  const [first, ...others] = m.nodes as [ClusterNode, ...ClusterNode[]]
  for (const node of others) yield* m.disconnect(node)
  m.nodes = []
  if (!(yield* loadCluster(m, first))) return false
  yield* checkCluster(m)
  return true
}
