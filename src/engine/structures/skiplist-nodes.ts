/**
 * The memory of a skiplist. A node is a number, its place in one pool of memory, counted in 8 bytes; 0 is the head, and
 * "nil" is 0 too. A node has everything that a search looks at side by side, as zskiplistNode has it:
 *
 *      | score | backward, element | forward, span | score of forward | forward, span | score of forward | forward, span |
 *                                      level 0                level 1                          level 2
 *
 * The element is a string; the node has its index, with the number of levels (less 1) in the lowest 5 bits.
 *
 * In a list of millions a search costs as much as it touches memory that no cache holds. So a link above level 0 repeats the
 * score of the node that it leads to: a node that lies too far is not looked at. And beyond the first chunk nodes of the same
 * height are neighbours: the few high ones that every search passes stay in the caches, where they would be thinly spread
 * over the whole memory otherwise.
 */
import type { Bytes } from '../bytes/bytes.ts'

export const ZSKIPLIST_MAXLEVEL = 32

/** A chunk holds 2^17 places of 8 bytes, and no node lies across two. */
const BITS = 17
const CHUNK = 1 << BITS
const MASK = CHUNK - 1
const FIRST_CHUNK = 64
/** Elements stand in chunks of their own, as they are no numbers. */
const ELE_BITS = 11
const ELE_MASK = (1 << ELE_BITS) - 1
/** Nodes of 1, 2, 3 and of more levels. */
const KINDS = 4

/** A node of so many levels takes 1 + 2 * levels places. Offsets in numbers of 4 bytes, from twice the place in its chunk. */
const BACKWARD = 2
const ELEMENT = 3
const FORWARD = 4
const SPAN = 5

export class SkiplistNodes {
  private readonly ele: (Bytes | undefined)[][] = []
  private eleEnd = 0
  /** The same memory seen as numbers of 4 bytes, two a place, and as scores. */
  protected readonly ints: Int32Array[] = []
  protected readonly scores: Float64Array[] = []
  /** For each kind of nodes the next free place, and where its chunk ends. */
  private readonly end: number[] = [0, 0, 0, 0]
  private readonly limit: number[] = [0, 0, 0, 0]
  private shared = true
  /** Freed nodes of each number of levels, chained by their backward links; they keep their place for an element. */
  private readonly free: number[] = []
  /** Bytes of the elements that were collected last. */
  protected collected = 0

  protected newNode(levels: number, score: number, ele: Bytes): number {
    let x = this.free[levels] ?? 0
    let index: number
    if (x !== 0) {
      const c = this.ints[x >>> BITS]!
      const at = (x & MASK) << 1
      this.free[levels] = c[at + BACKWARD]!
      index = c[at + ELEMENT]! >>> 5
    } else {
      x = this.place(1 + 2 * levels, levels)
      index = this.eleEnd++
      const chunk = index >>> ELE_BITS
      if (chunk === this.ele.length) this.ele.push(chunk === 0 ? [] : new Array(1 << ELE_BITS))
    }
    const c = this.ints[x >>> BITS]!
    const at = (x & MASK) << 1
    c[at + BACKWARD] = 0
    c[at + ELEMENT] = (index << 5) | (levels - 1)
    this.scores[x >>> BITS]![x & MASK] = score
    this.ele[index >>> ELE_BITS]![index & ELE_MASK] = ele
    for (let i = 0; i < levels; i++) this.setLink(x, i, 0, 0)
    return x
  }
  /** So many places in a row that lie in one chunk. */
  private place(need: number, levels: number): number {
    const kind = this.shared ? 0 : Math.min(levels, KINDS) - 1
    if (this.end[kind]! + need > this.limit[kind]!) this.moreRoom(kind)
    const x = this.end[kind]!
    if (x + need > this.limit[kind]!) return this.place(need, levels)
    this.end[kind] = x + need
    return x
  }
  /** The first chunk is for nodes of all kinds and doubles up to its full size; then each kind has its own ones. */
  private moreRoom(kind: number): void {
    const chunk = this.ints.length
    const size = chunk === 0 ? 0 : this.scores[0]!.length
    if (size < CHUNK) {
      const memory = new Float64Array(size === 0 ? FIRST_CHUNK * 2 : size * 2)
      if (size > 0) memory.set(this.scores[0]!)
      this.setChunk(0, memory)
      this.limit[0] = memory.length
      return
    }
    if (this.shared) {
      this.shared = false
      // What each kind has is full.
      return
    }
    this.setChunk(chunk, new Float64Array(CHUNK))
    this.end[kind] = chunk << BITS
    this.limit[kind] = (chunk + 1) << BITS
  }
  private setChunk(i: number, memory: Float64Array): void {
    this.scores[i] = memory
    this.ints[i] = new Int32Array(memory.buffer)
  }
  protected freeNode(x: number): void {
    const c = this.ints[x >>> BITS]!
    const at = (x & MASK) << 1
    const levels = (c[at + ELEMENT]! & 31) + 1
    const index = c[at + ELEMENT]! >>> 5
    this.ele[index >>> ELE_BITS]![index & ELE_MASK] = undefined
    c[at + BACKWARD] = this.free[levels] ?? 0
    this.free[levels] = x
  }

  protected forwardAt(x: number, level: number): number {
    return this.ints[x >>> BITS]![((x & MASK) << 1) + FORWARD + level * 4]!
  }
  protected spanAt(x: number, level: number): number {
    return this.ints[x >>> BITS]![((x & MASK) << 1) + SPAN + level * 4]!
  }
  /** The score of the node that the link leads to, infinite at the end; only above level 0. */
  protected forwardScoreAt(x: number, level: number): number {
    return this.scores[x >>> BITS]![(x & MASK) + 1 + level * 2]!
  }
  protected setForwardScore(x: number, level: number, score: number): void {
    this.scores[x >>> BITS]![(x & MASK) + 1 + level * 2] = score
  }
  protected setLink(x: number, level: number, forward: number, span: number): void {
    const c = this.ints[x >>> BITS]!
    const at = ((x & MASK) << 1) + FORWARD + level * 4
    c[at] = forward
    c[at + 1] = span
    if (level > 0) this.setForwardScore(x, level, forward === 0 ? Infinity : this.scoreOf(forward))
  }
  protected addSpan(x: number, level: number, n: number): void {
    const at = ((x & MASK) << 1) + SPAN + level * 4
    const c = this.ints[x >>> BITS]!
    c[at] = c[at]! + n
  }
  protected setBackward(x: number, to: number): void {
    this.ints[x >>> BITS]![((x & MASK) << 1) + BACKWARD] = to
  }
  protected setScore(x: number, score: number): void {
    this.scores[x >>> BITS]![x & MASK] = score
  }

  /** 0 is the end. */
  next(x: number): number {
    return this.ints[x >>> BITS]![((x & MASK) << 1) + FORWARD]!
  }
  prev(x: number): number {
    return this.ints[x >>> BITS]![((x & MASK) << 1) + BACKWARD]!
  }
  scoreOf(x: number): number {
    return this.scores[x >>> BITS]![x & MASK]!
  }
  eleOf(x: number): Bytes {
    const index = this.ints[x >>> BITS]![((x & MASK) << 1) + ELEMENT]! >>> 5
    return this.ele[index >>> ELE_BITS]![index & ELE_MASK]!
  }
  /**
   * Up to n elements from x on. Whoever asks will read them; their lengths are looked at here, where the processor fetches
   * them while it waits for the next nodes.
   */
  collect(x: number, n: number, out: Bytes[]): void {
    let bytes = 0
    for (; x !== 0 && n > 0; n--) {
      const ele = this.eleOf(x)
      out.push(ele)
      x = this.next(x)
      bytes += ele.length
    }
    this.collected = bytes
  }
  collectBackward(x: number, n: number, out: Bytes[]): void {
    let bytes = 0
    for (; x !== 0 && n > 0; n--) {
      const ele = this.eleOf(x)
      out.push(ele)
      x = this.prev(x)
      bytes += ele.length
    }
    this.collected = bytes
  }
  levelsOf(x: number): number {
    return (this.ints[x >>> BITS]![((x & MASK) << 1) + ELEMENT]! & 31) + 1
  }
}
