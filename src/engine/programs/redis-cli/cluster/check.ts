/** --cluster check and fix: do all nodes agree, is a slot open, is every slot somebody's? */
import { formatFixed } from '../../../bytes/fixed.ts'
import { isError } from '../format.ts'
import type { Part } from '../modes/step.ts'
import { fixCoverage, fixMultipleOwners, fixOpenSlot } from './fix.ts'
import { addressOf, type ClusterManager, ClusterNode, INVALID_HOST, SLOTS } from './manager.ts'
import { countKeys } from './move.ts'
import { isConsistent, loadCluster, showNodes } from './nodes.ts'
import { atoi } from './options.ts'
import { CliDict } from './siphash.ts'

/** The cluster of the node that the command line names; false after an error, which is told. */
export function* loadFrom(m: ClusterManager, words: readonly string[]): Part<boolean> {
  const at = addressOf(words)
  if (at !== null) return yield* loadCluster(m, new ClusterNode(at.ip, at.port))
  m.complain(INVALID_HOST)
  return false
}

export function* showClusterInfo(m: ClusterManager): Part<void> {
  let masters = 0
  let keys = 0
  for (const node of m.masters) {
    const replicas = m.nodes.filter((n) => n !== node && n.isSlave && n.replicate === node.name).length
    const reply = yield* m.call(node, 'DBSIZE')
    if (typeof reply !== 'number') {
      m.replyError(node, reply !== undefined && isError(reply) ? reply.text : '')
      return
    }
    m.print(
      `${node.address} (${node.name.slice(0, 8)}...) -> ${reply} keys | ${node.slotsCount} slots | ${replicas} slaves.\n`,
    )
    masters++
    keys += reply
  }
  m.ok(`[OK] ${keys} keys in ${masters} masters.\n`)
  m.print(`${formatFixed(Math.fround(keys / SLOTS), 2)} keys per slot on average.\n`)
}

/** Warns of slots that are on the move, and mends them. */
function* checkOpenSlots(m: ClusterManager): Part<boolean> {
  const open = new CliDict<string>()
  for (const n of m.nodes)
    for (const [state, list] of [
      ['migrating', n.migrating],
      ['importing', n.importing],
    ] as const) {
      if (list.length === 0) continue
      for (const o of list) open.set(o.slot, o.node)
      const slots = list.map((o) => o.slot).join(',')
      m.onError(`[WARNING] Node ${n.address} has slots in ${state} state ${slots}.`)
    }
  if (open.size === 0) return true
  m.err(`[WARNING] The following slots are open: ${open.keys().join(',')}.\n`)
  if (!m.fixing) return false
  for (const slot of open.keys()) if (!(yield* fixOpenSlot(m, atoi(slot)))) return false
  return true
}

/** Two nodes that claim a slot, or have keys of it. The result so far unless something is wrong. */
function* checkOwners(m: ClusterManager, before: boolean): Part<boolean> {
  m.info('>>> Check for multiple slot owners...\n')
  let result = before
  let several = 0
  for (let slot = 0; slot < SLOTS; slot++) {
    const owners: ClusterNode[] = []
    for (const n of m.masters) if (n.slots[slot] || (yield* countKeys(m, n, slot)) > 0) owners.push(n)
    if (owners.length <= 1) continue
    result = false
    m.err(`[WARNING] Slot ${slot} has ${owners.length} owners:\n`)
    for (const n of owners) m.err(`    ${n.address}\n`)
    several++
    if (!m.fixing) continue
    result = yield* fixMultipleOwners(m, slot, owners)
    if (!result) {
      m.err(`Failed to fix multiple owners for slot ${slot}\n`)
      break
    }
    several--
  }
  if (several === 0) m.ok('[OK] No multiple owners found.\n')
  return result
}

export function* checkCluster(m: ClusterManager, quiet = false): Part<boolean> {
  const [first] = m.nodes
  if (first === undefined) return false
  m.info(`>>> Performing Cluster Check (using node ${first.address})\n`)
  if (!quiet) showNodes(m)
  let result = yield* isConsistent(m)
  if (result) m.ok('[OK] All nodes agree about slots configuration.\n')
  else m.onError("[ERR] Nodes don't agree about configuration!")
  m.info('>>> Check for open slots...\n')
  const open = m.nodes.some((n) => n.migrating.length + n.importing.length > 0)
  const closed = yield* checkOpenSlots(m)
  if (open) result = closed
  m.info('>>> Check slots coverage...\n')
  const covered = new Uint8Array(SLOTS)
  for (const n of m.nodes) for (let i = 0; i < SLOTS; i++) if (n.slots[i]) covered[i] = 1
  if (!covered.includes(0)) m.ok(`[OK] All ${SLOTS} slots covered.\n`)
  else {
    m.onError(`[ERR] Not all ${SLOTS} slots are covered by nodes.\n`)
    result = m.fixing && (yield* fixCoverage(m, covered)) > 0
  }
  return m.o.searchMultipleOwners ? yield* checkOwners(m, result) : result
}

export function* infoCommand(m: ClusterManager): Part<boolean> {
  if (!(yield* loadFrom(m, m.o.argv))) return false
  yield* showClusterInfo(m)
  return true
}
export function* checkCommand(m: ClusterManager): Part<boolean> {
  if (!(yield* loadFrom(m, m.o.argv))) return false
  yield* showClusterInfo(m)
  return yield* checkCluster(m)
}
export function* fixCommand(m: ClusterManager): Part<boolean> {
  m.fixing = true
  return yield* checkCommand(m)
}
