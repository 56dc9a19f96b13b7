/**
 * A radix tree: strings of bytes in order, common beginnings stored once. Streams keep their blocks of entries in one
 * (the key is the 128-bit ID, big end first, so that the order of bytes is the order of IDs), and so do the lists of
 * pending entries, the groups of a stream and the consumers of a group.
 *
 *      "foo", "foobar", "footer"         [f o o]  compressed: one child behind three bytes
 *                                           |
 *                                         [b t]*  a key, and one child per byte
 *                                        /     \
 *                                    [a r]     [e r]
 *                                      |         |
 *                                     []*       []*
 *
 * Bytes stand on the edges: what leads to a node is its key. A chain of nodes with a single child each is one compressed
 * node. Inserting splits it where the new key departs, removing joins what became a chain again.
 *
 * Invariants: children stand in the order of their bytes; a compressed node has one child and at least two bytes; a leaf
 * other than the root is a key; `numNodes` and `size` count what is there.
 * *Kept exactly:* the number of nodes after any sequence of inserts and removals (XINFO STREAM reports it).
 * *Simplified:* a node is an object instead of one packed allocation.
 */
import type { Bytes } from '../bytes/bytes.ts'

/** What a compressed node can hold: 29 bits of length. */
const MAX_NODE_SIZE = 2 ** 29 - 1

export class RaxNode<V> {
  isKey = false
  isCompr = false
  /** The bytes of the edges: of the only one when compressed, else one byte per child. */
  edge: Bytes = ''
  children: RaxNode<V>[] = []
  value: V | undefined = undefined
}

export class Rax<V> {
  readonly head = new RaxNode<V>()
  /** Keys. */
  size = 0
  numNodes = 1

  // Where the last walk ended: the node, how many bytes of the key led into it or on along it, and how far along it.
  private node: RaxNode<V> = this.head
  private split = 0

  /** Follow `key`; the number of its bytes that were found. */
  private walk(key: Bytes, path: RaxNode<V>[] | null): number {
    let h = this.head
    let i = 0
    let j = 0
    const len = key.length
    while (h.edge.length > 0 && i < len) {
      const edge = h.edge
      if (h.isCompr) {
        for (j = 0; j < edge.length && i < len; j++, i++) if (edge.charCodeAt(j) !== key.charCodeAt(i)) break
        if (j !== edge.length) break
        if (path !== null) path.push(h)
        h = h.children[0]!
      } else {
        const at = edge.indexOf(key[i]!)
        if (at < 0) {
          j = edge.length
          break
        }
        i++
        if (path !== null) path.push(h)
        h = h.children[at]!
      }
      j = 0
    }
    this.node = h
    this.split = h.isCompr ? j : 0
    return i
  }
  private nodeOf(key: Bytes): RaxNode<V> | null {
    const i = this.walk(key, null)
    const h = this.node
    return i === key.length && (!h.isCompr || this.split === 0) && h.isKey ? h : null
  }

  get(key: Bytes): V | undefined {
    return this.nodeOf(key)?.value
  }
  has(key: Bytes): boolean {
    return this.nodeOf(key) !== null
  }
  /** Add or replace; true when the key is new. */
  set(key: Bytes, value: V): boolean {
    return this.insert(key, value, true)
  }
  /** Add unless it is there; true when it was added. */
  tryInsert(key: Bytes, value: V): boolean {
    return this.insert(key, value, false)
  }

  private insert(key: Bytes, value: V, overwrite: boolean): boolean {
    const len = key.length
    let i = this.walk(key, null)
    let h = this.node
    const j = this.split
    if (i === len && (!h.isCompr || j === 0)) {
      const isNew = !h.isKey
      if (isNew || overwrite) h.value = value
      if (isNew) {
        h.isKey = true
        this.size++
      }
      return isNew
    }
    if (h.isCompr && i !== len) h = this.splitAt(h, j)
    else if (h.isCompr) return this.splitForKey(h, j, value)
    while (i < len) {
      const child = new RaxNode<V>()
      this.numNodes++
      if (h.edge.length === 0 && len - i > 1) {
        const n = Math.min(len - i, MAX_NODE_SIZE)
        h.edge = key.slice(i, i + n)
        h.isCompr = true
        h.children = [child]
        i += n
      } else addChild(h, key[i++]!, child)
      h = child
    }
    h.isKey = true
    h.value = value
    this.size++
    return true
  }
  /** The key departs at byte j of a compressed node: before it stays, the byte gets a node to branch in, behind it is a node of its own. */
  private splitAt(h: RaxNode<V>, j: number): RaxNode<V> {
    const { edge } = h
    const next = h.children[0]!
    let postfix = next
    const rest = edge.slice(j + 1)
    if (rest.length > 0) {
      postfix = chainNode(rest, next)
      this.numNodes++
    }
    let branch = h
    if (j === 0) h.isCompr = false
    else {
      branch = new RaxNode<V>()
      this.numNodes++
      h.edge = edge.slice(0, j)
      h.isCompr = j > 1
      h.children = [branch]
    }
    branch.edge = edge[j]!
    branch.children = [postfix]
    return branch
  }
  /** The key ends at byte j of a compressed node. */
  private splitForKey(h: RaxNode<V>, j: number, value: V): true {
    const postfix = chainNode(h.edge.slice(j), h.children[0]!)
    postfix.isKey = true
    postfix.value = value
    h.edge = h.edge.slice(0, j)
    h.isCompr = j > 1
    h.children = [postfix]
    this.numNodes++
    this.size++
    return true
  }

  /** The value that was removed, or undefined. */
  delete(key: Bytes): V | undefined {
    const path: RaxNode<V>[] = []
    const i = this.walk(key, path)
    let h = this.node
    if (i !== key.length || (h.isCompr && this.split !== 0) || !h.isKey) return undefined
    const value = h.value
    h.isKey = false
    h.value = undefined
    this.size--
    let tryCompress = false
    if (h.edge.length === 0) {
      let child: RaxNode<V> | null = null
      while (h !== this.head) {
        child = h
        this.numNodes--
        h = path.pop()!
        // Chains go as a whole, up to a key or a branch.
        if (h.isKey || (!h.isCompr && h.edge.length !== 1)) break
      }
      if (child !== null) {
        removeChild(h, child)
        tryCompress = h.edge.length === 1 && !h.isKey
      }
    } else if (h.edge.length === 1) tryCompress = true
    if (tryCompress) this.compress(h, path)
    return value
  }
  /** Join the chain that h is part of. */
  private compress(from: RaxNode<V>, path: RaxNode<V>[]): void {
    let start = from
    for (let parent = path.pop(); parent !== undefined; parent = path.pop()) {
      if (parent.isKey || (!parent.isCompr && parent.edge.length !== 1)) break
      start = parent
    }
    let edge = start.edge
    let h = start
    let nodes = 1
    while (h.edge.length !== 0) {
      h = h.children[0]!
      if (h.isKey || (!h.isCompr && h.edge.length !== 1)) break
      if (edge.length + h.edge.length > MAX_NODE_SIZE) break
      nodes++
      edge += h.edge
    }
    if (nodes === 1) return
    start.edge = edge
    start.isCompr = true
    start.children = [h]
    this.numNodes -= nodes - 1
  }

  /** The value of the smallest key. */
  first(): V | undefined {
    let h = this.head
    while (!h.isKey) {
      const child = h.children[0]
      if (child === undefined) return undefined
      h = child
    }
    return h.value
  }
  /** The value of the greatest key. */
  last(): V | undefined {
    let h = this.head
    for (let n = h.children.length; n > 0; n = h.children.length) h = h.children[n - 1]!
    return h.value
  }
  /** In order. The tree must not change meanwhile. */
  forEach(fn: (key: Bytes, value: V) => void): void {
    visit(this.head, '', fn)
  }
  keys(): Bytes[] {
    const out: Bytes[] = []
    this.forEach((key) => void out.push(key))
    return out
  }
  values(): V[] {
    const out: V[] = []
    this.forEach((_key, value) => void out.push(value))
    return out
  }
  iterator(): RaxIterator<V> {
    return new RaxIterator(this)
  }
}

function visit<V>(h: RaxNode<V>, key: Bytes, fn: (key: Bytes, value: V) => void): void {
  if (h.isKey) fn(key, h.value as V)
  if (h.isCompr) visit(h.children[0]!, key + h.edge, fn)
  else for (let i = 0; i < h.children.length; i++) visit(h.children[i]!, key + h.edge[i]!, fn)
}
function chainNode<V>(edge: Bytes, child: RaxNode<V>): RaxNode<V> {
  const n = new RaxNode<V>()
  n.edge = edge
  n.isCompr = edge.length > 1
  n.children = [child]
  return n
}
function addChild<V>(h: RaxNode<V>, byte: Bytes, child: RaxNode<V>): void {
  let at = h.edge.length
  while (at > 0 && h.edge[at - 1]! > byte) at--
  h.edge = h.edge.slice(0, at) + byte + h.edge.slice(at)
  h.children.splice(at, 0, child)
}
function removeChild<V>(h: RaxNode<V>, child: RaxNode<V>): void {
  if (h.isCompr) {
    h.isCompr = false
    h.edge = ''
    h.children = []
    return
  }
  const at = h.children.indexOf(child)
  h.edge = h.edge.slice(0, at) + h.edge.slice(at + 1)
  h.children.splice(at, 1)
}

/** '^' the first key, '$' the last one; the others relative to a key. */
export type SeekOp = '^' | '$' | '=' | '>' | '>=' | '<' | '<='

/**
 * A place in the tree. After `seek` the first call of `next` (or `prev`) gives the key that was found, further calls its
 * neighbours; at an end they return false and `eof` is true. When the tree changed, seek again.
 */
export class RaxIterator<V> {
  key: Bytes = ''
  eof = true
  private readonly rax: Rax<V>
  private node: RaxNode<V>
  private justSeeked = false
  /** The way from the root: a node, and which child of it was taken. */
  private readonly parents: RaxNode<V>[] = []
  private readonly taken: number[] = []

  constructor(rax: Rax<V>) {
    this.rax = rax
    this.node = rax.head
  }
  get value(): V {
    return this.node.value as V
  }

  /** True when there is such a key. */
  seek(op: SeekOp, key: Bytes = ''): boolean {
    this.parents.length = 0
    this.taken.length = 0
    this.key = ''
    this.node = this.rax.head
    this.justSeeked = true
    this.eof = this.rax.size === 0
    if (this.eof) return false
    if (op === '^') this.eof = !(this.node.isKey || this.descendFirst())
    else if (op === '$') this.descendLast()
    else this.eof = !this.seekKey(op, key)
    return !this.eof
  }
  next(): boolean {
    if (this.eof) return false
    if (this.justSeeked) this.justSeeked = false
    else this.eof = !(this.descendFirst() || this.ascendNext())
    return !this.eof
  }
  prev(): boolean {
    if (this.eof) return false
    if (this.justSeeked) this.justSeeked = false
    else this.eof = !this.ascendPrev()
    return !this.eof
  }

  private seekKey(op: SeekOp, key: Bytes): boolean {
    const up = op === '>' || op === '>='
    const len = key.length
    let i = 0
    for (;;) {
      const h = this.node
      const edge = h.edge
      if (i === len) {
        if (h.isKey && (op === '=' || op === '>=' || op === '<=')) return true
        if (op === '=') return false
        return up ? this.descendFirst() || this.ascendNext() : this.ascendPrev()
      }
      if (edge.length === 0) {
        if (op === '=') return false
        return up ? this.ascendNext() : h.isKey || this.ascendPrev()
      }
      if (h.isCompr) {
        let j = 0
        while (j < edge.length && i + j < len && edge.charCodeAt(j) === key.charCodeAt(i + j)) j++
        if (j === edge.length) {
          this.down(0)
          i += j
          continue
        }
        if (op === '=') return false
        // All that is below is greater than the key, or all of it is smaller.
        const greater = i + j === len || edge.charCodeAt(j) > key.charCodeAt(i + j)
        if (greater) return up ? this.descendFirst() : h.isKey || this.ascendPrev()
        return up ? this.ascendNext() : this.descendLast()
      }
      const byte = key.charCodeAt(i)
      let at = 0
      while (at < edge.length && edge.charCodeAt(at) < byte) at++
      if (at < edge.length && edge.charCodeAt(at) === byte) {
        this.down(at)
        i++
        continue
      }
      if (op === '=') return false
      if (up) {
        if (at === edge.length) return this.ascendNext()
        this.down(at)
        return this.node.isKey || this.descendFirst()
      }
      if (at === 0) return h.isKey || this.ascendPrev()
      this.down(at - 1)
      return this.descendLast()
    }
  }
  private down(at: number): void {
    const h = this.node
    this.parents.push(h)
    this.taken.push(at)
    this.key += h.isCompr ? h.edge : h.edge[at]!
    this.node = h.children[at]!
  }
  /** To the smallest key below this node, the node itself apart. */
  private descendFirst(): boolean {
    if (this.node.children.length === 0) return false
    do this.down(0)
    while (!this.node.isKey)
    return true
  }
  /** To the greatest key below this node, or to it. */
  private descendLast(): boolean {
    for (let n = this.node.children.length; n > 0; n = this.node.children.length) this.down(n - 1)
    return true
  }
  private up(): number {
    const h = this.parents.pop()!
    const at = this.taken.pop()!
    this.key = this.key.slice(0, this.key.length - (h.isCompr ? h.edge.length : 1))
    this.node = h
    return at
  }
  /** To the smallest key behind everything below this node. */
  private ascendNext(): boolean {
    while (this.parents.length > 0) {
      const at = this.up() + 1
      if (at >= this.node.children.length) continue
      this.down(at)
      return this.node.isKey || this.descendFirst()
    }
    return false
  }
  /** To the greatest key before this node. */
  private ascendPrev(): boolean {
    while (this.parents.length > 0) {
      const at = this.up() - 1
      if (at >= 0) {
        this.down(at)
        return this.descendLast()
      }
      if (this.node.isKey) return true
    }
    return false
  }
}
