/**
 * A list that is cheap at both ends and compact in between: a doubly linked list whose nodes are listpacks.
 *
 *      head ⇄ [ a b c d ] ⇄ [ lzf ... ] ⇄ [ lzf ... ] ⇄ [ x y ] tail
 *
 * `fill` (list-max-listpack-size) bounds a node: -1 to -5 mean 4, 8, 16, 32, 64 KB, a positive number means that many entries (and
 * 8 KB). `compress` (list-compress-depth) says how many nodes at each end stay raw; those between are kept as LZF and opened
 * when needed. An element too large for a listpack gets a *plain* node of its own.
 *
 * Inserting into a full node in the middle uses a neighbour with room if the place touches it, else splits the node and
 * afterwards merges neighbours that fit together.
 *
 * Invariants: no node is empty; count is the sum of the nodes' counts; with compress = n the n nodes at each end are raw.
 * *Kept exactly:* the node limits, split and merge rules, what is worth compressing (48 bytes, saving 8). *Simplified:* a
 * node that was opened for reading is closed at once, not on the next visit.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { own } from '../bytes/bytes.ts'
import type { Int64 } from '../bytes/numbers.ts'
import { lzfCompress, lzfDecompress } from '../bytes/lzf.ts'
import { SMALL } from './compact.ts'
import { type EntrySink, Listpack } from './listpack.ts'

const OPTIMIZATION_LEVEL = [4096, 8192, 16384, 32768, 65536] as const
const SIZE_SAFETY_LIMIT = 8192
/** What an entry is guessed to add beside its text; an overestimate. */
const SIZE_ESTIMATE_OVERHEAD = 8
const MIN_COMPRESS_BYTES = 48
const MIN_COMPRESS_IMPROVE = 8

export class QuicklistNode {
  prev: QuicklistNode | null = null
  next: QuicklistNode | null = null
  /** The entries, unless plain or compressed. */
  lp: Listpack | null
  plain: Bytes | null = null
  lzf: Uint8Array | null = null
  /** Bytes of the listpack (or plain value), compressed or not. */
  sz: number
  count: number
  constructor(lp: Listpack | null, plain: Bytes | null = null) {
    this.lp = lp
    this.plain = plain
    this.sz = lp ? lp.totalBytes : plain!.length
    this.count = lp ? lp.length : 1
  }
}

/** From this size on an element gets a plain node. One object for all lists of a server: DEBUG QUICKLIST-PACKED-THRESHOLD sets it. */
export interface PackedThreshold {
  bytes: number
}
export const PACKED_THRESHOLD = 1 << 30
const DEFAULT_PACKED: PackedThreshold = Object.freeze({ bytes: PACKED_THRESHOLD })

export class Quicklist {
  head: QuicklistNode | null = null
  tail: QuicklistNode | null = null
  count = 0
  nodeCount = 0
  readonly fill: number
  readonly compress: number
  readonly packed: PackedThreshold

  constructor(fill = -2, compress = 0, packed: PackedThreshold = DEFAULT_PACKED) {
    this.packed = packed
    this.fill = fill > 32767 ? 32767 : fill < -5 ? -5 : fill
    this.compress = compress
  }

  // ---- limits ---------------------------------------------------------------------------------------------------

  private fits(size: number, count: number): boolean {
    if (this.fill < 0) return size <= OPTIMIZATION_LEVEL[-this.fill - 1]!
    return size <= SIZE_SAFETY_LIMIT && count <= (this.fill === 0 ? 1 : this.fill)
  }
  private allowInsert(node: QuicklistNode | null, b: Bytes): boolean {
    if (!node || node.plain !== null || this.isLarge(b)) return false
    return this.fits(node.sz + b.length + SIZE_ESTIMATE_OVERHEAD, node.count + 1)
  }
  private isLarge(b: Bytes): boolean {
    return b.length >= this.packed.bytes
  }

  // ---- nodes ----------------------------------------------------------------------------------------------------

  private open(node: QuicklistNode): Listpack {
    if (node.lp) return node.lp
    node.lp = Listpack.fromBytes(lzfDecompress(node.lzf!, node.sz)!)
    node.lzf = null
    return node.lp
  }
  private pack(node: QuicklistNode): void {
    if (!node.lp || node.sz < MIN_COMPRESS_BYTES) return
    const lzf = lzfCompress(node.lp.bytes(), node.sz)
    if (!lzf || lzf.length + MIN_COMPRESS_IMPROVE >= node.sz) return
    node.lzf = lzf
    node.lp = null
  }
  /** Keep `compress` nodes raw at each end and pack this one when it lies between. */
  private settle(node: QuicklistNode | null): void {
    const depth = this.compress
    if (depth === 0 || this.nodeCount < depth * 2) return
    let f = this.head
    let r = this.tail
    let inside = false
    for (let i = 0; i < depth && f && r; i++) {
      if (f.plain === null) this.open(f)
      if (r.plain === null) this.open(r)
      if (f === node || r === node) inside = true
      if (f === r || f.next === r) return
      f = f.next
      r = r.prev
    }
    if (node && !inside) this.pack(node)
    if (f) this.pack(f)
    if (r) this.pack(r)
  }
  private read<T>(node: QuicklistNode, fn: (lp: Listpack) => T): T {
    if (node.lp) return fn(node.lp)
    const result = fn(this.open(node))
    this.pack(node)
    return result
  }
  private changed(node: QuicklistNode): void {
    node.sz = node.lp!.totalBytes
    node.count = node.lp!.length
  }

  protected link(at: QuicklistNode | null, node: QuicklistNode, after: boolean): void {
    if (at === null) {
      this.head = node
      this.tail = node
    } else if (after) {
      node.prev = at
      node.next = at.next
      if (at.next) at.next.prev = node
      else this.tail = node
      at.next = node
    } else {
      node.next = at
      node.prev = at.prev
      if (at.prev) at.prev.next = node
      else this.head = node
      at.prev = node
    }
    this.nodeCount++
    if (at) {
      if (at.lp) at.lp.trim()
      this.settle(at)
    }
    this.settle(node)
  }
  protected unlink(node: QuicklistNode): void {
    if (node.next) node.next.prev = node.prev
    else this.tail = node.prev
    if (node.prev) node.prev.next = node.next
    else this.head = node.next
    this.nodeCount--
    this.count -= node.count
    this.settle(null)
  }
  private newNode(b: Bytes): QuicklistNode {
    if (this.isLarge(b)) return new QuicklistNode(null, own(b))
    // A list that has filled a node will fill the next: room for all of it at once, and no more than a node may take.
    const full = this.tail?.lp?.totalBytes ?? 0
    const most = this.fill < 0 ? OPTIMIZATION_LEVEL[-this.fill - 1]! : SIZE_SAFETY_LIMIT
    const lp = new Listpack(full > SMALL ? Math.max(b.length, Math.min(most, full + (full >> 5))) : 0)
    lp.append(b)
    return new QuicklistNode(lp)
  }
  /** For RDB loading: whole nodes as they were saved. */
  appendListpack(lp: Listpack): void {
    const node = new QuicklistNode(lp)
    this.link(this.tail, node, true)
    this.count += node.count
  }
  appendPlain(b: Bytes): void {
    this.link(this.tail, new QuicklistNode(null, own(b)), true)
    this.count++
  }
  nodes(): QuicklistNode[] {
    const out: QuicklistNode[] = []
    for (let n = this.head; n; n = n.next) out.push(n)
    return out
  }
  /** The listpack of a node, opened for reading without changing the node. */
  nodeListpack(node: QuicklistNode): Listpack {
    return node.lp ?? Listpack.fromBytes(lzfDecompress(node.lzf!, node.sz)!)
  }

  // ---- ends -----------------------------------------------------------------------------------------------------

  pushHead(b: Bytes): void {
    const node = this.head
    if (node && this.allowInsert(node, b)) {
      this.open(node).prepend(b)
      this.changed(node)
    } else this.link(node, this.newNode(b), false)
    this.count++
  }
  pushTail(b: Bytes): void {
    const node = this.tail
    if (node && this.allowInsert(node, b)) {
      this.open(node).append(b)
      this.changed(node)
    } else this.link(node, this.newNode(b), true)
    this.count++
  }
  popHead(): Bytes | undefined {
    return this.pop(this.head, true)
  }
  popTail(): Bytes | undefined {
    return this.pop(this.tail, false)
  }
  private pop(node: QuicklistNode | null, first: boolean): Bytes | undefined {
    if (!node) return undefined
    if (node.plain !== null) {
      this.unlink(node)
      return node.plain
    }
    const lp = this.open(node)
    const p = first ? lp.first() : lp.last()
    const b = lp.getBytes(p)
    this.deleteAt(node, p, 1)
    return b
  }
  /** True when the node is gone. */
  private deleteAt(node: QuicklistNode, p: number, n: number): boolean {
    const lp = this.open(node)
    if (n === node.count) {
      this.unlink(node)
      return true
    }
    lp.delete(p, n)
    this.changed(node)
    this.count -= n
    return false
  }

  // ---- by index -------------------------------------------------------------------------------------------------

  /** The node and the offset in it; negative indexes count from the tail. */
  private locate(index: number): [QuicklistNode, number] | null {
    if (index < 0) index += this.count
    if (index < 0 || index >= this.count) return null
    if (index < this.count / 2) {
      for (let n = this.head; n; n = n.next) {
        if (index < n.count) return [n, index]
        index -= n.count
      }
    } else {
      let from = this.count
      for (let n = this.tail; n; n = n.prev) {
        from -= n.count
        if (index >= from) return [n, index - from]
      }
    }
    return null
  }
  index(i: number): Bytes | undefined {
    const at = this.locate(i)
    if (!at) return undefined
    const [node, offset] = at
    if (node.plain !== null) return node.plain
    return this.read(node, (lp) => lp.getBytes(lp.seek(offset)))
  }
  set(i: number, b: Bytes): boolean {
    const at = this.locate(i)
    if (!at) return false
    const [node, offset] = at
    if (node.plain !== null || this.isLarge(b)) {
      if (node.plain !== null && this.isLarge(b)) {
        node.plain = own(b)
        node.sz = b.length
        return true
      }
      const index = i < 0 ? i + this.count : i
      this.insertAfter(index, b)
      this.deleteRange(index, 1)
      return true
    }
    const lp = this.open(node)
    lp.replace(lp.seek(offset), b)
    this.changed(node)
    this.settle(node)
    return true
  }
  insertBefore(pivotIndex: number, b: Bytes): void {
    this.insertAt(pivotIndex, b, false)
  }
  insertAfter(pivotIndex: number, b: Bytes): void {
    this.insertAt(pivotIndex, b, true)
  }
  private insertAt(index: number, b: Bytes, after: boolean): void {
    const at = this.locate(index)
    if (!at) {
      this.pushTail(b)
      return
    }
    const [node, offset] = at
    this.count++
    const atTail = after && offset === node.count - 1
    const atHead = !after && offset === 0
    if (this.isLarge(b) || node.plain !== null) {
      if (node.plain !== null || atTail || atHead) this.link(node, this.newNode(b), after)
      else this.link(node, this.newNodeAfterSplit(node, offset, after, b), after)
      return
    }
    if (this.allowInsert(node, b)) {
      const lp = this.open(node)
      lp.insert(lp.seek(offset), b, after ? 'after' : 'before')
      this.changed(node)
      this.settle(node)
    } else if (atTail && this.allowInsert(node.next, b)) {
      this.open(node.next!).prepend(b)
      this.changed(node.next!)
      this.settle(node.next)
    } else if (atHead && this.allowInsert(node.prev, b)) {
      this.open(node.prev!).append(b)
      this.changed(node.prev!)
      this.settle(node.prev)
    } else if ((atTail && node.next) || (atHead && node.prev)) {
      this.link(node, this.newNode(b), after)
    } else {
      const half = this.split(node, offset, after)
      if (after) half.lp!.prepend(b)
      else half.lp!.append(b)
      this.changed(half)
      this.link(node, half, after)
      if (node.count === 0) this.unlink(node)
      else this.mergeAround(node)
    }
  }
  /** A large element between two halves: link the far half now, the caller links the element. */
  private newNodeAfterSplit(node: QuicklistNode, offset: number, after: boolean, b: Bytes): QuicklistNode {
    this.link(node, this.split(node, offset, after), after)
    return this.newNode(b)
  }
  /** Cuts what lies behind (after) or before offset out of the node; the new node is not linked yet. */
  protected split(node: QuicklistNode, offset: number, after: boolean): QuicklistNode {
    const lp = this.open(node)
    const other = lp.clone()
    if (after) {
      lp.deleteRange(offset + 1, node.count)
      other.deleteRange(0, offset + 1)
    } else {
      lp.deleteRange(0, offset)
      other.deleteRange(offset, node.count)
    }
    this.changed(node)
    return new QuicklistNode(other)
  }
  private mergeAround(center: QuicklistNode): void {
    const { prev, next } = center
    if (prev?.prev) this.merge(prev.prev, prev)
    if (next?.next) this.merge(next, next.next)
    if (center.prev && this.merge(center.prev, center)) center = this.lastMerged!
    if (center.next) this.merge(center, center.next)
  }
  private lastMerged: QuicklistNode | null = null
  protected merge(a: QuicklistNode, b: QuicklistNode): boolean {
    if (a.plain !== null || b.plain !== null || !this.fits(a.sz + b.sz - 7, a.count + b.count)) return false
    this.open(a).concat(this.open(b))
    const moved = b.count
    this.changed(a)
    this.unlink(b)
    this.count += moved
    this.settle(a)
    this.lastMerged = a
    return true
  }

  /** Removes n entries from start on (negative from the tail). How many there were. */
  deleteRange(start: number, n: number): number {
    if (start < 0) start += this.count
    if (n <= 0 || start < 0 || start >= this.count) return 0
    n = Math.min(n, this.count - start)
    const at = this.locate(start)!
    let node: QuicklistNode | null = at[0]
    let offset = at[1]
    for (let left = n; left > 0 && node; ) {
      const next: QuicklistNode | null = node.next
      const take = Math.min(left, node.count - offset)
      if (take === node.count) this.unlink(node)
      else {
        const lp = this.open(node)
        this.deleteAt(node, lp.seek(offset), take)
        this.settle(node)
      }
      left -= take
      offset = 0
      node = next
    }
    return n
  }

  /** LREM: removes up to |count| entries equal to b, from the head (count > 0), the tail (< 0) or all (0). */
  remove(b: Bytes, count: number): number {
    const forward = count >= 0
    const limit = count === 0 ? Infinity : Math.abs(count)
    let removed = 0
    let node = forward ? this.head : this.tail
    while (node && removed < limit) {
      const following: QuicklistNode | null = forward ? node.next : node.prev
      if (node.plain !== null) {
        if (node.plain === b) {
          this.unlink(node)
          removed++
        }
      } else removed += this.removeIn(node, b, limit - removed, forward)
      node = following
    }
    return removed
  }
  private removeIn(node: QuicklistNode, b: Bytes, limit: number, forward: boolean): number {
    const lp = this.open(node)
    let removed = 0
    if (forward) {
      let p = lp.find(b)
      while (p >= 0 && removed < limit) {
        removed++
        p = lp.delete(p)
        if (p >= 0) p = lp.find(b, p)
      }
    } else {
      for (let p = lp.last(); p >= 0 && removed < limit; ) {
        const before = lp.prev(p)
        if (lp.equals(p, b)) {
          lp.delete(p)
          removed++
        }
        p = before
      }
    }
    if (removed > 0) {
      this.count -= removed
      this.changed(node)
      if (node.count === 0) {
        this.unlink(node)
        return removed
      }
    }
    this.settle(node)
    return removed
  }

  /** Hands up to n entries from `start` on to a sink. */
  emitRange(start: number, n: number, sink: EntrySink): void {
    const at = this.locate(start)
    if (!at) return
    let [node, offset]: [QuicklistNode | null, number] = at
    while (node && n > 0) {
      if (node.plain !== null) {
        sink.bulk(node.plain)
        n--
      } else {
        const lp = this.nodeListpack(node)
        n -= lp.emit(lp.seek(offset), n, sink)
      }
      node = node.next
      offset = 0
    }
  }
  /** Calls fn for up to n entries from `start` on, towards the tail (or the head); false stops. */
  forRange(start: number, n: number, forward: boolean, fn: (v: Bytes | Int64, index: number) => boolean | void): void {
    const at = this.locate(start)
    if (!at) return
    let [node, offset]: [QuicklistNode | null, number] = at
    let index = start < 0 ? start + this.count : start
    while (node && n > 0) {
      const next: QuicklistNode | null = forward ? node.next : node.prev
      if (node.plain !== null) {
        if (fn(node.plain, index) === false) return
        n--
        index += forward ? 1 : -1
      } else {
        const lp = this.nodeListpack(node)
        for (let p = lp.seek(offset); p >= 0 && n > 0; p = forward ? lp.next(p) : lp.prev(p)) {
          if (fn(lp.get(p), index) === false) return
          n--
          index += forward ? 1 : -1
        }
      }
      node = next
      offset = forward || !node ? 0 : node.count - 1
    }
  }
  /** Values from `start` on; direction 'tail' walks towards the tail, 'head' towards the head. */
  *iterate(start = 0, direction: 'tail' | 'head' = 'tail'): Generator<Bytes> {
    const at = this.locate(start)
    if (!at) return
    const forward = direction === 'tail'
    let [node, offset]: [QuicklistNode | null, number] = at
    while (node) {
      if (node.plain !== null) yield node.plain
      else {
        const lp = this.nodeListpack(node)
        for (let p = lp.seek(offset); p >= 0; p = forward ? lp.next(p) : lp.prev(p)) yield lp.getBytes(p)
      }
      node = forward ? node.next : node.prev
      offset = forward || !node ? 0 : node.count - 1
    }
  }
}
