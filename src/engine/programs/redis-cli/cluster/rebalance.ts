/** --cluster rebalance: slots go from masters with too many to those with too few, by weight. */
import { formatFixed } from '../../../bytes/fixed.ts'
import type { Part } from '../modes/step.ts'
import { checkCluster, loadFrom } from './check.ts'
import type { ClusterManager, ClusterNode } from './manager.ts'
import { moveSlot } from './move.ts'
import { balance, reshardTable } from './plan.ts'

const { fround } = Math

/** The weights of the command line; a name may be the beginning of one. */
function setWeights(m: ClusterManager): boolean {
  for (const word of m.o.weights ?? []) {
    const [name = '', ...weight] = word.split('=')
    const node = m.nodes.find((n) => n.name.startsWith(name.toLowerCase()))
    if (node === undefined) {
      m.err(`*** No such master node ${name}\n`)
      return false
    }
    node.weight = fround(Number.parseFloat(weight.join('=')) || 0)
  }
  return true
}

export function* rebalanceCommand(m: ClusterManager): Part<boolean> {
  if (!(yield* loadFrom(m, m.o.argv))) return false
  if (!setWeights(m)) return false
  const involved: ClusterNode[] = []
  let total = 0
  for (const n of m.masters) {
    if (n.replicate !== null) continue
    if (!m.o.useEmptyMasters && n.slotsCount === 0) {
      n.weight = 0
      continue
    }
    total = fround(total + n.weight)
    involved.push(n)
  }
  yield* checkCluster(m, true)
  if (m.errors > 0) {
    m.err('*** Please fix your cluster problems before rebalancing\n')
    return false
  }
  if (!balance(involved, total, m.o.threshold)) {
    const within = formatFixed(m.o.threshold, 2)
    m.warn(`*** No rebalancing needed! All nodes are within the ${within}% threshold.\n`)
    return true
  }
  involved.sort((a, b) => a.balance - b.balance)
  m.info(`>>> Rebalancing across ${involved.length} nodes. Total weight = ${formatFixed(total, 2)}\n`)
  if (m.o.verbose) for (const n of involved) m.print(`${n.address} balance is ${n.balance} slots\n`)
  return yield* level(m, involved)
}

/** From the last of the sorted nodes to the first, until both ends meet. */
function* level(m: ClusterManager, sorted: readonly ClusterNode[]): Part<boolean> {
  let to = 0
  let from = sorted.length - 1
  while (to < from) {
    const target = sorted[to] as ClusterNode
    const source = sorted[from] as ClusterNode
    const count = Math.min(Math.abs(target.balance), Math.abs(source.balance))
    if (count > 0) {
      m.print(`Moving ${count} slots from ${source.address} to ${target.address}\n`)
      if (!(yield* shift(m, source, target, count))) return false
      m.print('\n')
    }
    target.balance += count
    source.balance -= count
    if (target.balance === 0) to++
    if (source.balance === 0) from--
  }
  return true
}

function* shift(m: ClusterManager, source: ClusterNode, target: ClusterNode, count: number): Part<boolean> {
  const table = reshardTable([source], count)
  if (table.length !== count) {
    m.err('*** Assertion failed: Reshard table != number of slots')
    return false
  }
  if (m.o.simulate) {
    m.print('#'.repeat(count))
    return true
  }
  for (const move of table) {
    const failure = yield* moveSlot(m, source, target, move.slot, { quiet: true, update: true, keepsError: true })
    if (failure !== null) {
      m.err(`*** clusterManagerMoveSlot: ${failure.error ?? '(null)'}\n`)
      return false
    }
    m.print('#')
  }
  return true
}
