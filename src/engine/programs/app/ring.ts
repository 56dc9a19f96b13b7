/**
 * Consistent hashing. Every node has many points on a circle of 2^32 places; a key's hash is a place, and the next point
 * around the circle tells whose the key is (Karger et al., "Consistent hashing and random trees", 1997).
 *
 *      0 ──n2──────n0──n1────n0──────n2──n1── 2^32, which is 0
 *                      ▲  key ──▶ ▲
 *
 * A node that comes or goes changes only the arcs before its own points: about 1/N of the keys. The more points each node
 * has, the more even the arcs. A point's place comes from the node's *name*: an instance that moves to another address and
 * keeps its name moves no key.
 */
import type { Bytes } from '../../bytes/bytes.ts'
import { murmur64a } from '../../bytes/murmur.ts'

export interface NodeSpec {
  readonly name: string
  /** Its share beside the others'. 1 to 4. */
  readonly weight: number
}
export interface RingPoint {
  /** 0 to 2^32 - 1. */
  readonly at: number
  readonly node: number
}
/** The first 32 bits of MurmurHash64A. */
export const hash32 = (text: Bytes): number => murmur64a(text, 0).hi >>> 0

/** `vnodes` points for each node and unit of weight, sorted by place. */
export function ringOf(nodes: readonly NodeSpec[], vnodes: number): RingPoint[] {
  return nodes
    .flatMap((n, node) => Array.from({ length: vnodes * n.weight }, (_, i) => ({ at: hash32(`${n.name}#${i}`), node })))
    .sort((a, b) => a.at - b.at || a.node - b.node)
}
/** The node of the first point at or after the hash, around the circle. */
export function ringOwner(ring: readonly RingPoint[], hash: number): number {
  let [low, high] = [0, ring.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ring[middle] as RingPoint).at < hash) low = middle + 1
    else high = middle
  }
  return (ring[low % ring.length] as RingPoint).node
}

/** A server by its name on the ring and where it is reached. */
export interface RingServer {
  readonly name: string
  readonly address: string
}
const REMEMBERED = 100_000

/** Which server has a key: what a client-side sharder and a proxy have in common. */
export class ServerRing {
  private list: readonly RingServer[] = []
  private points: readonly RingPoint[] = []
  private vnodes = 1
  private readonly known = new Map<Bytes, number>()

  get servers(): readonly RingServer[] {
    return this.list
  }
  /** Another list: points move only for names that came or went. */
  set(servers: readonly RingServer[], vnodes: number): void {
    const names = (list: readonly RingServer[]): string => list.map((s) => s.name).join(' ')
    const same = vnodes === this.vnodes && names(servers) === names(this.list)
    this.list = [...servers]
    if (same) return
    this.vnodes = vnodes
    this.known.clear()
    this.points = ringOf(
      servers.map(({ name }) => ({ name, weight: 1 })),
      vnodes,
    )
  }
  of(key: Bytes): RingServer | null {
    if (this.points.length === 0) return null
    let node = this.known.get(key)
    if (node === undefined) {
      node = ringOwner(this.points, hash32(key))
      if (this.known.size >= REMEMBERED) this.known.clear()
      this.known.set(key, node)
    }
    return this.list[node] as RingServer
  }
}
