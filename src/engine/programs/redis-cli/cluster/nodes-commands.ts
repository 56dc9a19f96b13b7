/** --cluster add-node, del-node, call and set-timeout: nodes come and go, and all are told the same. */
import { type Bytes, utf8Encode } from '../../../bytes/bytes.ts'
import { formatRaw, isError } from '../format.ts'
import { type Part, sleep } from '../modes/step.ts'
import { checkCluster, loadFrom } from './check.ts'
import { addressOf, BUS_PORT_OFFSET, type ClusterManager, ClusterNode, INVALID_HOST, textOf } from './manager.ts'
import { isClusterNode, isEmptyNode, leastReplicas, loadCluster, loadInfo, meetArgs, waitForJoin } from './nodes.ts'
import { atoi } from './options.ts'

const LEAST_TIMEOUT_MS = 100
const JOIN_STARTS_MICROS = 1_000_000

// ---- add-node -------------------------------------------------------------------------------------------------------

/** The functions of the cluster come with a new master; a replica gets them from its own. */
function* giveFunctions(m: ClusterManager, from: ClusterNode, node: ClusterNode): Part<boolean> {
  m.info('>>> Getting functions from cluster\n')
  const dump = yield* m.call(from, 'FUNCTION', 'DUMP')
  if (dump === undefined || isError(dump)) {
    m.info(
      `>>> Failed retrieving Functions from the cluster, skip this step as Redis version do not support function command (error = '${dump === undefined ? 'NULL reply' : dump.text}')\n`,
    )
    return true
  }
  m.info(`>>> Send FUNCTION LIST to ${node.address} to verify there is no functions in it\n`)
  const list = yield* m.call(node, 'FUNCTION', 'LIST')
  if (list === undefined || isError(list)) {
    m.err(`>>> Failed on CLUSTER LIST (error = '${list === undefined ? 'NULL reply' : list.text}')\r\n`)
    return false
  }
  if (Array.isArray(list) && list.length > 0) {
    m.err(
      '>>> New node already contains functions and can not be added to the cluster. Use FUNCTION FLUSH and try again.\r\n',
    )
    return false
  }
  m.info(`>>> Send FUNCTION RESTORE to ${node.address}\n`)
  const restored = yield* m.call(node, 'FUNCTION', 'RESTORE', textOf(dump))
  if (restored !== undefined && !isError(restored)) return true
  m.err(
    `>>> Failed loading functions to the new node (error = '${restored === undefined ? 'NULL reply' : restored.text}')\r\n`,
  )
  return false
}

/** null without --cluster-slave; false when there is no such master. */
function masterFor(m: ClusterManager): ClusterNode | null | false {
  if (!m.o.slave) return null
  if (m.o.masterId !== null) {
    const master = m.byName(m.o.masterId)
    if (master !== null) return master
    m.err(`[ERR] No such master ID ${m.o.masterId}\n`)
    return false
  }
  const master = leastReplicas(m)
  m.print(`Automatically selected master ${master.address}\n`)
  return master
}

export function* addNodeCommand(m: ClusterManager): Part<boolean> {
  const [word = '', ...reference] = m.o.argv
  const existing = addressOf(reference)
  const at = addressOf([word])
  if (existing === null || at === null) {
    m.complain(INVALID_HOST)
    return false
  }
  m.info(`>>> Adding node ${at.ip}:${at.port} to cluster ${existing.ip}:${existing.port}\n`)
  const ref = new ClusterNode(existing.ip, existing.port)
  if (!(yield* loadCluster(m, ref))) return false
  if (!(yield* checkCluster(m))) return false
  const master = masterFor(m)
  if (master === false) return false
  const node = new ClusterNode(at.ip, at.port)
  if (!(yield* m.connect(node))) {
    m.err(`[ERR] Sorry, can't connect to node ${node.address}\n`)
    return false
  }
  if (!(yield* isClusterNode(m, node))) return false
  if (!(yield* loadInfo(m, node, null))) return false
  if (!(yield* isEmptyNode(m, node))) return false
  const first = m.nodes[0] as ClusterNode
  m.nodes.push(node)
  if (master === null && !(yield* giveFunctions(m, ref, node))) return false
  m.info(`>>> Send CLUSTER MEET to node ${node.address} to make it join the cluster.\n`)
  if ((yield* m.ask(node, 'CLUSTER', 'MEET', ...meetArgs(first, BUS_PORT_OFFSET))) === null) return false
  if (master !== null) {
    yield* sleep(JOIN_STARTS_MICROS)
    yield* waitForJoin(m)
    m.info(`>>> Configure node as replica of ${master.address}.\n`)
    if ((yield* m.ask(node, 'CLUSTER', 'REPLICATE', master.name)) === null) return false
  }
  m.ok('[OK] New node added correctly.\n')
  return true
}

// ---- del-node -------------------------------------------------------------------------------------------------------

export function* delNodeCommand(m: ClusterManager): Part<boolean> {
  const [word = '', id = ''] = m.o.argv
  const at = addressOf([word])
  if (at === null) {
    m.complain(INVALID_HOST)
    return false
  }
  m.info(`>>> Removing node ${id} from cluster ${at.ip}:${at.port}\n`)
  if (!(yield* loadCluster(m, new ClusterNode(at.ip, at.port)))) return false
  const node = m.byName(id)
  if (node === null) {
    m.err(`[ERR] No such node ID ${id}\n`)
    return false
  }
  if (node.slotsCount !== 0) {
    m.err(`[ERR] Node ${node.address} is not empty! Reshard data away and try again.\n`)
    return false
  }
  m.info('>>> Sending CLUSTER FORGET messages to the cluster...\n')
  for (const n of m.nodes) {
    if (n === node) continue
    if (n.replicate?.toLowerCase() === id.toLowerCase()) {
      const master = leastReplicas(m)
      m.info(`>>> ${n.address} as replica of ${master.address}\n`)
      if ((yield* m.ask(n, 'CLUSTER', 'REPLICATE', master.name)) === null) return false
    }
    if ((yield* m.ask(n, 'CLUSTER', 'FORGET', id)) === null) return false
  }
  m.info('>>> Sending CLUSTER RESET SOFT to the deleted node.\n')
  return (yield* m.ask(node, 'CLUSTER', 'RESET', 'SOFT')) !== null
}

// ---- call, set-timeout ----------------------------------------------------------------------------------------------

export function* callCommand(m: ClusterManager): Part<boolean> {
  const [word = '', ...words] = m.o.argv
  if (!(yield* loadFrom(m, [word]))) return false
  const argv = words.map(utf8Encode)
  m.info('>>> Calling')
  m.print(`${argv.map((a) => ` ${a}`).join('')}\n`)
  for (const n of m.nodes) {
    if (m.o.onlyMasters && n.replicate !== null) continue
    if (m.o.onlyReplicas && n.replicate === null) continue
    const reply = yield* m.call(n, ...argv)
    m.print(`${n.address}: ${reply === undefined ? 'Failed!' : formatRaw(reply)}\n`)
  }
  return true
}

/** Sets the timeout and writes it into the node's file; the error, or null. */
function* setNodeTimeout(m: ClusterManager, node: ClusterNode, timeoutMs: number): Part<Bytes | null> {
  for (const argv of [['SET', 'cluster-node-timeout', String(timeoutMs)], ['REWRITE']]) {
    const reply = yield* m.call(node, 'CONFIG', ...argv)
    if (reply === undefined) return ''
    if (isError(reply)) return reply.text
  }
  return null
}

export function* setTimeoutCommand(m: ClusterManager): Part<boolean> {
  const [word = '', ms = ''] = m.o.argv
  const at = addressOf([word])
  if (at === null) {
    m.complain(INVALID_HOST)
    return false
  }
  const timeoutMs = atoi(ms)
  if (timeoutMs < LEAST_TIMEOUT_MS) {
    m.complain('Setting a node timeout of less than 100 milliseconds is a bad idea.\n')
    return false
  }
  if (!(yield* loadCluster(m, new ClusterNode(at.ip, at.port)))) return false
  m.info('>>> Reconfiguring node timeout in every cluster node...\n')
  let set = 0
  for (const n of m.nodes) {
    const error = yield* setNodeTimeout(m, n, timeoutMs)
    if (error !== null) {
      m.err(`ERR setting node-timeout for ${n.address}: ${error}\n`)
      continue
    }
    m.warn(`*** New timeout set for ${n.address}\n`)
    set++
  }
  m.info(`>>> New node timeout set. ${set} OK, ${m.nodes.length - set} ERR.\n`)
  return true
}
