/**
 * Who gets what: decisions that ask no node.
 *
 * A float of redis-cli has 24 bits; where it rounds, so does this.
 */
import { type ClusterNode, SLOTS } from './manager.ts'

const { fround } = Math

/** Nodes so that neighbours are on different hosts, as far as that goes. */
export function interleave(nodes: readonly ClusterNode[]): ClusterNode[] {
  const hosts = new Map<string, ClusterNode[]>()
  for (const n of nodes) hosts.set(n.ip, [...(hosts.get(n.ip) ?? []), n])
  const out: ClusterNode[] = []
  for (let i = 0; out.length < nodes.length; i++)
    for (const list of hosts.values()) if (list[i] !== undefined) out.push(list[i] as ClusterNode)
  return out
}

export interface SlotRange {
  readonly first: number
  readonly last: number
}
/** All slots in as many equal parts. */
export function distribute(masters: number): readonly SlotRange[] {
  const perNode = fround(SLOTS / masters)
  const ranges: SlotRange[] = []
  let first = 0
  let cursor = 0
  for (let i = 0; i < masters; i++) {
    let last = Math.round(fround(fround(cursor + perNode) - 1))
    if (last > SLOTS || i === masters - 1) last = SLOTS - 1
    if (last < first) last = first
    ranges.push({ first, last })
    first = last + 1
    cursor = fround(cursor + perNode)
  }
  return ranges
}

export interface Assignment {
  readonly replica: ClusterNode
  readonly master: ClusterNode
}
/** `replicas` for each master, on another host where there is one. Those left over come behind the null. */
export function assignReplicas(
  masters: readonly ClusterNode[],
  others: readonly ClusterNode[],
  replicas: number,
): readonly (Assignment | null)[] {
  // The first goes to the end: that often is better to begin with.
  const free: ClusterNode[] = [...others.slice(1), ...others.slice(0, 1)]
  const out: (Assignment | null)[] = []
  const give = (master: ClusterNode): boolean => {
    if (free.length === 0) return false
    const elsewhere = free.findIndex((n) => n.ip !== master.ip)
    const [replica] = free.splice(Math.max(0, elsewhere), 1)
    out.push({ replica: replica as ClusterNode, master })
    return true
  }
  for (const master of masters) for (let i = 0; i < replicas && give(master); i++);
  if (free.length === 0) return out
  out.push(null)
  for (const master of masters) if (replicas > 0) give(master)
  return out
}

export interface Affinity {
  /** 10000 for a replica beside its master, 1 for replicas of one master on one host. */
  readonly score: number
  /** Replicas that another place would suit better. */
  readonly offending: readonly ClusterNode[]
}
export function affinity(nodes: readonly ClusterNode[]): Affinity {
  const hosts = new Map<string, Map<string, { masters: number; slaves: number }>>()
  for (const n of nodes) {
    const related = hosts.get(n.ip) ?? new Map<string, { masters: number; slaves: number }>()
    hosts.set(n.ip, related)
    const group = related.get(n.replicate ?? n.name) ?? { masters: 0, slaves: 0 }
    related.set(n.replicate ?? n.name, group)
    if (n.replicate === null) group.masters++
    else group.slaves++
  }
  let score = 0
  const offending: ClusterNode[] = []
  for (const [ip, related] of hosts)
    for (const [name, group] of related) {
      const size = group.masters + group.slaves
      if (size < 2) continue
      score += group.masters > 0 ? 10_000 * (size - 1) : size
      const offender = nodes.find((n) => n.replicate === name && n.ip === ip)
      if (offender !== undefined) offending.push(offender)
    }
  return { score, offending }
}

/** Swaps the masters of two replicas as long as that may help; the score at the end. */
export function optimizeAffinity(nodes: readonly ClusterNode[], below: (n: number) => number): number {
  for (let tries = 500 * nodes.length; tries > 0; tries--) {
    const before = affinity(nodes)
    if (before.score === 0 || before.offending.length === 0) break
    const first = before.offending[below(before.offending.length)] as ClusterNode
    const others = nodes.filter((n) => n !== first && n.replicate !== null)
    if (others.length === 0) break
    const second = others[below(others.length)] as ClusterNode
    const [firstMaster, secondMaster] = [first.replicate, second.replicate]
    first.replicate = secondMaster
    second.replicate = firstMaster
    first.dirty = true
    second.dirty = true
    // A change that is no better may be half of one that is.
    if (affinity(nodes).score > before.score) {
      first.replicate = firstMaster
      second.replicate = secondMaster
    }
  }
  return affinity(nodes).score
}

export interface Move {
  readonly source: ClusterNode
  readonly slot: number
}
/** Which slots `sources` give, each in proportion to what it has. */
export function reshardTable(sources: readonly ClusterNode[], count: number): readonly Move[] {
  const total = sources.reduce((sum, n) => sum + n.slotsCount, 0)
  const sorted = [...sources].sort((a, b) => b.slotsCount - a.slotsCount)
  const moves: Move[] = []
  sorted.forEach((source, i) => {
    const share = fround(fround(fround(count) / total) * source.slotsCount)
    const most = i === 0 ? Math.ceil(share) : Math.floor(share)
    let given = 0
    for (let slot = 0; slot < SLOTS; slot++) {
      if (!source.slots[slot]) continue
      if (given >= most || moves.length >= count) break
      moves.push({ source, slot })
      given++
    }
  })
  return moves
}

/** Sets what each node has too much (or too little, below 0). False when all are within the threshold. */
export function balance(nodes: readonly ClusterNode[], totalWeight: number, threshold: number): boolean {
  let over = false
  let total = 0
  for (const n of nodes) {
    const share = fround(fround(SLOTS / totalWeight) * n.weight)
    // What C makes of a float that is no number.
    const expected = Number.isFinite(share) ? Math.trunc(share) : -2147483648
    n.balance = (n.slotsCount - expected) | 0
    total += n.balance
    if (threshold <= 0) continue
    if (n.slotsCount > 0) {
      if (fround(Math.abs(100 - (100 * expected) / n.slotsCount)) > threshold) over = true
    } else if (expected > 1) over = true
  }
  if (!over) return false
  // What rounding lost goes to those that get slots.
  while (total > 0 && nodes.some((n) => n.balance <= 0))
    for (const n of nodes) {
      if (n.balance > 0 || total <= 0) continue
      n.balance--
      total--
    }
  return true
}
