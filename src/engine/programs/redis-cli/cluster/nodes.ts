/**
 * What the nodes say of themselves. Each node's CLUSTER NODES is read for its own line; the first node's also for who
 * else there is.
 *
 *   <id> <ip:port@busport,hostname> <flags> <master id> <ping sent> <pong received> <epoch> <link> <slot> <from-to> [slot->-id]
 */
import type { Bytes } from '../../../bytes/bytes.ts'
import { isError } from '../format.ts'
import { type Part, sleep } from '../modes/step.ts'
import { type ClusterManager, ClusterNode, infoNumber, parseAddress, SLOTS, textOf } from './manager.ts'
import { atoi } from './options.ts'
import { CliDict } from './siphash.ts'
import { nodeInfo } from './texts.ts'

const JOIN_CHECK_AFTER = 20
const JOIN_CHECK_MICROS = 1_000_000

/** The words of a line: eight, and the slots behind them in one. */
function fields(line: Bytes): readonly string[] {
  const words = line.split(' ')
  return words.length <= 8 ? words : [...words.slice(0, 8), words.slice(8).join(' ')]
}
/** Lines that end with a newline. */
const linesOf = (text: Bytes): readonly Bytes[] => text.split('\n').slice(0, -1)

/** An INFO, or the error in its place. */
function* redisInfo(
  m: ClusterManager,
  node: ClusterNode,
): Part<{ readonly text: Bytes; readonly error: Bytes | null } | null> {
  const reply = yield* m.call(node, 'INFO')
  if (reply === undefined) return null
  return isError(reply) ? { text: '', error: reply.text } : { text: textOf(reply), error: null }
}

/** Says so when it is not. */
export function* isClusterNode(m: ClusterManager, node: ClusterNode): Part<boolean> {
  const info = yield* redisInfo(m, node)
  if (info !== null && info.error === null && infoNumber(info.text, 'cluster_enabled') !== 0) return true
  m.err(`[ERR] Node ${node.address} ${info?.error ?? 'is not configured as a cluster node.'}\n`)
  return false
}

/** Knows nobody and has no keys. Says so when that is not so. */
export function* isEmptyNode(m: ClusterManager, node: ClusterNode): Part<boolean> {
  let why =
    'is not empty. Either the node already knows other nodes (check with CLUSTER NODES) or contains some key in database 0.'
  const info = yield* redisInfo(m, node)
  if (info?.error) why = info.error
  else if (info !== null && !info.text.includes('db0:')) {
    const known = yield* m.call(node, 'CLUSTER', 'INFO')
    if (known !== undefined && isError(known)) why = known.text
    else if (known !== undefined && infoNumber(textOf(known), 'cluster_known_nodes') === 1) return true
  }
  m.err(`[ERR] Node ${node.address} ${why}\n`)
  return false
}

function readSlots(node: ClusterNode, text: string): void {
  for (const word of text.split(' ')) {
    if (word === '') continue
    const open = /^\[(.*?)-([<>])-([^\]]*)/.exec(word)
    if (open)
      (open[2] === '>' ? node.migrating : node.importing).push({ slot: open[1] as string, node: open[3] as string })
    if (word.startsWith('[')) continue
    const [from, to] = word.split('-')
    const last = atoi(to ?? (from as string))
    for (let slot = atoi(from as string); slot <= last; slot++) node.slots[slot] = 1
    node.slotsCount += last - atoi(from as string) + 1
  }
}

function readFlags(node: ClusterNode, flags: string, master: string): void {
  node.flags = flags.split(',')
  for (const flag of node.flags) {
    if (flag === 'noaddr' || flag === 'disconnected' || flag === 'fail') node.isGone = true
    else if (flag === 'slave') {
      node.isSlave = true
      node.replicate = master
    }
  }
}

/** Reads the node's own line, and with `friends` makes nodes of the others. */
export function* loadInfo(m: ClusterManager, node: ClusterNode, friends: ClusterNode[] | null): Part<boolean> {
  const reply = yield* m.ask(node, 'CLUSTER', 'NODES')
  if (reply === null) return false
  for (const line of linesOf(textOf(reply[0]))) {
    const [name, address, flags, master = '', , , epoch, , slots] = fields(line)
    if (flags === undefined) return false
    const myself = flags.includes('myself')
    let current = node
    if (myself) {
      node.isMyself = true
      node.slots = new Uint8Array(SLOTS)
      node.slotsCount = 0
      node.dirty = false
      readSlots(node, slots ?? '')
    } else if (friends === null) continue
    else {
      const at = parseAddress(address as string)
      if (at === null) {
        m.complain('Error: invalid CLUSTER NODES reply\n')
        return false
      }
      current = new ClusterNode(at.ip, at.port, at.busPort)
      friends.push(current)
    }
    current.name = name as string
    readFlags(current, flags, master)
    if (epoch !== undefined) current.epoch = epoch
    if (myself && friends === null) break
  }
  return true
}

/** All nodes of the cluster that `node` is in; those that cannot be reached are left out. */
export function* loadCluster(m: ClusterManager, node: ClusterNode): Part<boolean> {
  if (node.peer === null && !(yield* m.connect(node))) return false
  if (!(yield* isClusterNode(m, node))) return false
  const friends: ClusterNode[] = []
  if (!(yield* loadInfo(m, node, friends))) return false
  m.nodes = [node]
  for (const friend of friends) {
    if (yield* reach(m, friend)) m.nodes.push(friend)
    else {
      if (!friend.isSlave) m.unreachableMasters++
      yield* m.disconnect(friend)
    }
  }
  for (const n of m.nodes) {
    if (n.replicate === null) continue
    const master = m.byName(n.replicate)
    if (master !== null) master.replicasCount++
    else m.warn(`*** WARNING: ${n.address} claims to be slave of unknown node ID ${n.replicate}.\n`)
  }
  return true
}

function* reach(m: ClusterManager, friend: ClusterNode): Part<boolean> {
  if (friend.port === 0 || !(yield* m.connect(friend))) return false
  if (yield* loadInfo(m, friend, null)) return !friend.isGone
  m.err(`[ERR] Unable to load info for node ${friend.address}\n`)
  return false
}

export function showNodes(m: ClusterManager): void {
  for (const node of m.nodes) m.print(`${nodeInfo(node, 0)}\n`)
}

/** Who has which slots, as one node sees it; null when it knows of none. */
function* signature(m: ClusterManager, node: ClusterNode): Part<Bytes | null> {
  const reply = yield* m.call(node, 'CLUSTER', 'NODES')
  if (reply === undefined || isError(reply)) return null
  const configs: string[] = []
  for (const line of linesOf(textOf(reply))) {
    const [name, , , , , , , , slots = ''] = fields(line)
    const owned = slots.split(' ').filter((s) => s !== '' && !s.startsWith('['))
    if (owned.length > 0) configs.push(`${name}:${owned.sort().join(',')}`)
  }
  return configs.length === 0 ? null : configs.sort().join('|')
}

export function* isConsistent(m: ClusterManager): Part<boolean> {
  if (m.nodes.length <= 1) return m.nodes.length === 1
  let first: Bytes | null = null
  for (const node of m.nodes) {
    const config = yield* signature(m, node)
    if (config === null || (first !== null && config !== first)) return false
    first = config
  }
  return true
}

/** Addresses that some nodes have no link to, and these nodes. */
function* brokenLinks(m: ClusterManager): Part<CliDict<string[]>> {
  const status = new CliDict<string[]>()
  for (const node of m.nodes) {
    const reply = yield* m.ask(node, 'CLUSTER', 'NODES')
    if (reply === null) continue
    for (const line of linesOf(textOf(reply[0]))) {
      const [, address, flags, , , , , link] = fields(line)
      if (address === undefined || flags === undefined || link === undefined || flags.includes('myself')) continue
      if (!/disconnected|handshake/.test(flags) && !link.includes('disconnected')) continue
      const from = status.get(address)
      if (from !== undefined) from.push(node.address)
      else status.set(address, [node.address])
    }
  }
  return status
}

/** Waits until all nodes agree about the slots. */
export function* waitForJoin(m: ClusterManager): Part<void> {
  m.print('Waiting for the cluster to join\n')
  const checkAfter = JOIN_CHECK_AFTER + Math.trunc(m.nodes.length * 0.15)
  let counter = 0
  while (!(yield* isConsistent(m))) {
    m.print('.')
    yield* sleep(JOIN_CHECK_MICROS)
    if (++counter <= checkAfter) continue
    counter = 0
    const status = yield* brokenLinks(m)
    if (status.size === 0) continue
    m.print('\n')
    m.err(`Warning: ${status.size} node(s) may be unreachable\n`)
    status.forEach((address, from) => {
      const at = parseAddress(address)
      if (at !== null && at.busPort !== 0)
        m.err(` - The port ${at.busPort} of node ${at.ip} may be unreachable from:\n`)
      else m.err(` - Node ${address} may be unreachable from:\n`)
      for (const f of from) m.err(`   ${f}\n`)
      m.err(
        'Cluster bus ports must be reachable by every node.\nRemember that cluster bus ports are different from standard instance ports.\n',
      )
    })
  }
  m.print('\n')
}

/** The master with the fewest replicas; the first of several. */
export function leastReplicas(m: ClusterManager): ClusterNode {
  let node = m.masters[0] as ClusterNode
  for (const n of m.masters) if (n.replicasCount < node.replicasCount) node = n
  return node
}

/** CLUSTER MEET, with the bus port where it is not the usual one. */
export function meetArgs(first: ClusterNode, usualOffset: number): readonly Bytes[] {
  const args = [first.ip, String(first.port)]
  return first.busPort === first.port + usualOffset ? args : [...args, String(first.busPort)]
}
