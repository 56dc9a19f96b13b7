/**
 * Three ways to spread keys over nodes, over the same keys.
 *
 *   modulo   hash mod N                      every change of N moves almost every key
 *   ring     hash to a point on a circle,    a change moves the keys of the arcs that change hands, about 1/N
 *            the next node's point owns it   (Karger et al., "Consistent hashing and random trees", 1997)
 *   slots    CRC16 mod 16384, a table says   a change moves the slots that somebody chooses to move
 *            which node has the slot         (Redis Cluster specification)
 *
 * A scheme is its nodes and, for slots, the table; changing it gives a new one. Hashes: the first 32 bits of MurmurHash64A
 * for modulo and ring, CRC16 for slots.
 */
import { keyHashSlot } from '../../../engine/bytes/crc16.ts'
import { hash32, type NodeSpec, ringOf, ringOwner } from '../../../engine/programs/app/ring.ts'

export { hash32, type NodeSpec, ringOf, ringOwner }

export const SLOTS = 16384
export const moduloOwner = (hash: number, nodes: number): number => hash % nodes

/** Slots a node should have, by weight: `redis-cli --cluster rebalance`. */
function shares(nodes: readonly NodeSpec[]): number[] {
  const total = nodes.reduce((sum, n) => sum + n.weight, 0)
  return nodes.map((n) => Math.floor((SLOTS * n.weight) / total))
}
/** Contiguous, as `redis-cli --cluster create` gives them out. */
export function firstTable(nodes: readonly NodeSpec[]): Uint16Array {
  const table = new Uint16Array(SLOTS)
  const total = nodes.reduce((sum, n) => sum + n.weight, 0)
  let [slot, sum] = [0, 0]
  nodes.forEach((n, i) => {
    sum += n.weight
    const end = i === nodes.length - 1 ? SLOTS : Math.round((SLOTS * sum) / total)
    while (slot < end) table[slot++] = i
  })
  return table
}
/**
 * The table after a change of nodes: whoever has more than its share gives its last slots to whoever has less, and a node that
 * is gone gives all. `renamed[i]` is the new number of old node i, -1 when it is gone.
 */
export function rebalance(old: Uint16Array, renamed: readonly number[], nodes: readonly NodeSpec[]): Uint16Array {
  const want = shares(nodes)
  const have = nodes.map(() => 0)
  const table = new Uint16Array(SLOTS)
  const free: number[] = []
  for (let slot = 0; slot < SLOTS; slot++) {
    const node = renamed[old[slot] as number] ?? -1
    if (node === -1 || (have[node] as number) > (want[node] as number)) free.push(slot)
    else {
      table[slot] = node
      have[node] = (have[node] as number) + 1
    }
  }
  let next = 0
  for (const slot of free) {
    while (next < nodes.length - 1 && (have[next] as number) >= (want[next] as number)) next++
    table[slot] = next
    have[next] = (have[next] as number) + 1
  }
  return table
}

export interface Spread {
  readonly owner: Uint16Array
  /** Keys of each node. */
  readonly load: readonly number[]
}
export interface Plan {
  readonly nodes: readonly NodeSpec[]
  readonly vnodes: number
  readonly table: Uint16Array
}
export type SchemeName = 'modulo' | 'ring' | 'slots'
export const SCHEMES: readonly SchemeName[] = ['modulo', 'ring', 'slots']

export const makeKeys = (count: number): string[] => Array.from({ length: count }, (_, i) => `user:${i}`)

/** Who has each key. The hashes of the keys are counted once. */
export class Keys {
  readonly names: readonly string[]
  private readonly hashes: Float64Array
  private readonly slots: Uint16Array
  constructor(names: readonly string[]) {
    this.names = names
    this.hashes = Float64Array.from(names, hash32)
    this.slots = Uint16Array.from(names, keyHashSlot)
  }
  spread(scheme: SchemeName, plan: Plan): Spread {
    const n = this.names.length
    const owner = new Uint16Array(n)
    const ring = scheme === 'ring' ? ringOf(plan.nodes, plan.vnodes) : []
    for (let i = 0; i < n; i++) {
      const hash = this.hashes[i] as number
      owner[i] =
        scheme === 'modulo'
          ? moduloOwner(hash, plan.nodes.length)
          : scheme === 'ring'
            ? ringOwner(ring, hash)
            : (plan.table[this.slots[i] as number] as number)
    }
    const load = plan.nodes.map(() => 0)
    for (const o of owner) load[o] = (load[o] as number) + 1
    return { owner, load }
  }
}

/** Keys that lie on another node than before; flows[from][to], by the old and the new numbers. */
export function moves(before: Spread, after: Spread, renamed: readonly number[]) {
  const flows = before.load.map(() => after.load.map(() => 0))
  let moved = 0
  before.owner.forEach((from, i) => {
    const to = after.owner[i] as number
    if (renamed[from] === to) return
    moved++
    const row = flows[from] as number[]
    row[to] = (row[to] as number) + 1
  })
  return { moved, flows }
}

/** Of the load for each unit of weight, as a fraction of its mean. */
export function deviation(load: readonly number[], nodes: readonly NodeSpec[]): number {
  const each = load.map((n, i) => n / (nodes[i]?.weight ?? 1))
  const mean = each.reduce((a, b) => a + b, 0) / Math.max(1, each.length)
  if (mean === 0) return 0
  return Math.sqrt(each.reduce((sum, n) => sum + (n - mean) ** 2, 0) / each.length) / mean
}
