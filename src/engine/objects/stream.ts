/**
 * A stream: a log of entries, each a list of fields and values under an ID that only grows. The entries lie in blocks of
 * bytes (listpacks) and a radix tree finds the block by the ID of its first entry.
 *
 *   tree:   1526919030474-0 ──▶ block      1526919030999-3 ──▶ block      ...
 *
 *   block:  count | deleted | n | field 1 .. field n | 0 |   entry | entry | entry ...
 *           └──────────── the master entry ─────────────┘
 *   entry:  flags | ms - master's | seq - master's | [n field] value [field value ...] | how many elements this entry has
 *
 * An entry with the same fields as the block's first one leaves them out (flag 2). The last element lets a reader walk
 * from right to left. Deleting sets flag 1 and counts; a block goes when nothing in it lives.
 *
 * Invariants: IDs grow from entry to entry; `length` counts live entries; `firstId` is the first live one; nothing was
 * ever added beyond `lastId`; no ID that XDEL removed is beyond `maxDeletedId`.
 * *Kept exactly:* every byte of a block, when a block is full, what the allocation of a block grows to.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { type Int64, addInt64, normalizeInt } from '../bytes/numbers.ts'
import { Listpack } from '../structures/listpack.ts'
import { allocationSize } from '../structures/sds.ts'
import { Rax } from '../structures/rax.ts'
import { Obj } from './object.ts'
import type { ConsumerGroup } from './stream-group.ts'
import {
  addDelta,
  compareIds,
  deltaOf,
  encodeId,
  incrementId,
  MAX_ID,
  MIN_ID,
  type StreamId,
  U64_MAX,
} from './stream-id.ts'
import { StreamIterator } from './stream-iterator.ts'

export const ITEM_DELETED = 1
export const ITEM_SAMEFIELDS = 2
/** STREAM_LISTPACK_MAX_SIZE and STREAM_LISTPACK_MAX_PRE_ALLOCATE. */
const MAX_BLOCK = 2 ** 30
const MAX_PREALLOCATED = 4096

/** A block and the ID its entries are relative to. */
export class StreamNode {
  readonly id: StreamId
  readonly lp: Listpack
  /** What jemalloc would have given for it. */
  alloc: number
  constructor(id: StreamId, lp: Listpack, alloc = allocationSize(lp.totalBytes)) {
    this.id = id
    this.lp = lp
    this.alloc = alloc
  }
  count(): number {
    return this.lp.get(this.lp.first()) as number
  }
  deleted(): number {
    return this.lp.get(this.lp.next(this.lp.first())) as number
  }
  /** Write an integer over an element. Block sizes follow as reallocations do: down at once, up when needed. */
  replace(p: number, n: Int64): void {
    const before = this.lp.totalBytes
    this.lp.replace(p, n)
    this.resized(before)
  }
  resized(before: number): void {
    const now = this.lp.totalBytes
    if (now < before || now > this.alloc) this.alloc = allocationSize(now)
  }
  /** The fields of the master entry; kept while the block is written to. */
  names(): readonly Bytes[] {
    if (this.masterNames !== null) return this.masterNames
    const { lp } = this
    let p = lp.next(lp.next(lp.first()))
    const names: Bytes[] = []
    for (let n = lp.get(p) as number; n > 0; n--) {
      p = lp.next(p)
      names.push(lp.getBytes(p))
    }
    this.masterNames = names
    return names
  }
  private masterNames: Bytes[] | null = null
  /** The block is full. */
  shrinkToFit(): void {
    this.masterNames = null
    if (this.lp.totalBytes < this.alloc) this.alloc = allocationSize(this.lp.totalBytes)
  }
  /** Counts of the master entry: `n` entries have died. */
  bury(n: number): void {
    const first = this.lp.first()
    this.replace(first, this.count() - n)
    this.replace(this.lp.next(this.lp.first()), this.deleted() + n)
  }
  /** Never so of what XADD wrote; a payload can have such a block. */
  private isEmpty(): boolean {
    return this.lp.get(this.lp.last()) === 0
  }
  /** Where the flags of the last entry lie, dead or alive. */
  private lastEntry(): number {
    const { lp } = this
    let p = lp.last()
    for (let n = lp.get(p) as number; n > 0; n--) p = lp.prev(p)
    return p
  }
  private idAt(p: number): StreamId {
    const { lp } = this
    p = lp.next(p)
    const ms = addDelta(this.id.ms, lp.get(p) as Int64)
    return { ms, seq: addDelta(this.id.seq, lp.get(lp.next(p)) as Int64) }
  }
  lastId(): StreamId {
    return this.isEmpty() ? this.id : this.idAt(this.lastEntry())
  }
  /** Undefined when the last entry is deleted. */
  lastLiveId(): StreamId | undefined {
    if (this.isEmpty()) return undefined
    const p = this.lastEntry()
    return ((this.lp.get(p) as number) & ITEM_DELETED) === 0 ? this.idAt(p) : undefined
  }
}

export interface StreamLimits {
  readonly streamNodeMaxBytes: number
  readonly streamNodeMaxEntries: number
}
/** What XADD and XTRIM were asked to leave. */
export type Trim = { readonly approx: boolean; readonly limit: number; readonly index: number } & (
  | { readonly strategy: 'maxlen'; readonly maxlen: Int64 }
  | { readonly strategy: 'minid'; readonly minid: StreamId }
)

const plus = (a: Int64, b: number): Int64 => addInt64(a, b) ?? normalizeInt(BigInt.asIntN(64, BigInt(a) + BigInt(b)))

export class Stream {
  rax = new Rax<StreamNode>()
  length = 0
  lastId: StreamId = MIN_ID
  firstId: StreamId = MIN_ID
  maxDeletedId: StreamId = MIN_ID
  /** All that were ever added. */
  entriesAdded: Int64 = 0
  groups: Rax<ConsumerGroup> | null = null

  /**
   * The ID the next entry gets, or null when it would not be greater than the last one. `wanted` null: by the clock.
   */
  nextId(wanted: StreamId | null, seqGiven: boolean, nowMs: number): StreamId | null {
    const last = this.lastId
    let id: StreamId | null = wanted
    if (id === null) id = nowMs > last.ms ? { ms: nowMs, seq: 0 } : incrementId(last)
    else if (!seqGiven && id.ms === last.ms) id = last.seq === U64_MAX ? null : incrementId(last)
    return id !== null && compareIds(id, last) > 0 ? id : null
  }

  /** streamAppendItem: fields and values are argv[from], argv[from + 1] ... The ID is one that nextId gave. */
  append(id: StreamId, argv: readonly Bytes[], from: number, limits: StreamLimits): void {
    const n = (argv.length - from) >> 1
    let node = this.roomFor(argv, from, limits)
    let same = false
    let before = 0
    if (node === undefined) {
      node = this.newNode(id, argv, from, limits)
      before = node.lp.totalBytes
      same = true
    } else {
      before = node.lp.totalBytes
      node.lp.replace(node.lp.first(), node.count() + 1)
      same = sameFields(node.names(), argv, from)
    }
    const { lp } = node
    lp.append(same ? ITEM_SAMEFIELDS : 0)
    lp.append(deltaOf(id.ms, node.id.ms))
    lp.append(deltaOf(id.seq, node.id.seq))
    if (!same) lp.append(n)
    for (let i = from; i < argv.length; i += 2) {
      if (!same) lp.append(argv[i]!)
      lp.append(argv[i + 1]!)
    }
    lp.append(same ? n + 3 : 2 * n + 4)
    node.resized(before)
    this.length++
    this.entriesAdded = plus(this.entriesAdded, 1)
    this.lastId = id
    if (this.length === 1) this.firstId = id
  }
  /** The last block, when it takes one more. */
  private roomFor(argv: readonly Bytes[], from: number, limits: StreamLimits): StreamNode | undefined {
    const node = this.rax.last()
    if (node === undefined) return undefined
    let size = 0
    for (let i = from; i < argv.length; i++) size += argv[i]!.length
    const max = limits.streamNodeMaxBytes
    const most = limits.streamNodeMaxEntries
    if (
      node.lp.totalBytes + size < (max === 0 || max > MAX_BLOCK ? MAX_BLOCK : max) &&
      (most <= 0 || node.count() + node.deleted() < most)
    )
      return node
    node.shrinkToFit()
    return undefined
  }
  private newNode(id: StreamId, argv: readonly Bytes[], from: number, limits: StreamLimits): StreamNode {
    // As large as the last block came to be: it is likely to need as much.
    const last = this.rax.last()
    const lp = new Listpack(last === undefined ? 96 : Math.min(last.lp.totalBytes + 32, 2 * MAX_PREALLOCATED))
    lp.append(1)
    lp.append(0)
    lp.append((argv.length - from) >> 1)
    for (let i = from; i < argv.length; i += 2) lp.append(argv[i]!)
    lp.append(0)
    const max = limits.streamNodeMaxBytes
    const capacity = max > 0 && max < MAX_PREALLOCATED ? Math.max(max, 7) : MAX_PREALLOCATED
    const node = new StreamNode(id, lp, allocationSize(capacity))
    node.resized(0)
    this.rax.set(encodeId(id), node)
    return node
  }

  iterator(start: StreamId | null = null, end: StreamId | null = null, reverse = false): StreamIterator {
    return new StreamIterator(this, start ?? MIN_ID, end ?? MAX_ID, reverse)
  }
  has(id: StreamId): boolean {
    return this.length > 0 && this.iterator(id, id).next()
  }
  /** streamGetEdgeID: of what lives; the other end of all IDs when nothing does. */
  edgeId(first: boolean): StreamId {
    const last = first ? undefined : this.rax.last()?.lastLiveId()
    if (last !== undefined) return last
    const it = this.iterator(null, null, !first)
    if (it.next()) return it.id
    return first ? MAX_ID : MIN_ID
  }
  /** streamGetEdgeID with tombstones: the first entry that is there at all. */
  firstIdWithTombstones(): StreamId {
    const it = this.iterator()
    it.skipTombstones = false
    return it.next() ? it.id : MAX_ID
  }
  /** streamDeleteItem: without care for firstId and maxDeletedId. */
  delete(id: StreamId): boolean {
    const it = this.iterator(id, id)
    if (!it.next()) return false
    this.bury(it.node, it.flagsAt)
    return true
  }
  private bury(node: StreamNode, flagsAt: number): void {
    const { lp } = node
    node.replace(flagsAt, (lp.get(flagsAt) as number) | ITEM_DELETED)
    if (node.count() === 1) this.rax.delete(encodeId(node.id))
    else node.bury(1)
    this.length--
  }
  updateFirstId(): void {
    this.firstId = this.length === 0 ? MIN_ID : this.edgeId(true)
  }

  /** streamTrim: how many entries went. Whole blocks first; what must go of the next one is marked, unless approximate. */
  trim(t: Trim): number {
    let deleted = 0
    for (;;) {
      const node = this.rax.first()
      if (node === undefined || (t.strategy === 'maxlen' && this.length <= t.maxlen)) break
      const entries = node.count()
      if (t.limit > 0 && deleted + entries > t.limit) break
      const whole = t.strategy === 'maxlen' ? this.length - entries >= t.maxlen : compareIds(node.lastId(), t.minid) < 0
      if (!whole) {
        if (!t.approx) deleted += this.trimWithin(node, t)
        break
      }
      this.rax.delete(encodeId(node.id))
      this.length -= entries
      deleted += entries
    }
    if (this.length === 0) this.firstId = MIN_ID
    else if (deleted > 0) this.firstId = this.edgeId(true)
    return deleted
  }
  private trimWithin(node: StreamNode, t: Trim): number {
    const { lp } = node
    let p = lp.next(lp.next(lp.first()))
    const masterFields = lp.get(p) as number
    for (let i = 0; i < masterFields + 2; i++) p = lp.next(p)
    let gone = 0
    while (p >= 0) {
      const flagsAt = p
      const flags = lp.get(p) as number
      p = lp.next(p)
      const ms = lp.get(p) as Int64
      p = lp.next(p)
      const seq = lp.get(p) as Int64
      p = lp.next(p)
      if (t.strategy === 'maxlen') {
        if (this.length <= t.maxlen) break
      } else {
        const id = { ms: addDelta(node.id.ms, ms), seq: addDelta(node.id.seq, seq) }
        if (compareIds(id, t.minid) >= 0) break
      }
      let skip = masterFields
      if ((flags & ITEM_SAMEFIELDS) === 0) {
        skip = 2 * (lp.get(p) as number)
        p = lp.next(p)
      }
      for (; skip > 0; skip--) p = lp.next(p)
      p = lp.next(p)
      if ((flags & ITEM_DELETED) !== 0) continue
      // The new flags take as many bytes as the old ones: positions stay.
      node.replace(flagsAt, flags | ITEM_DELETED)
      gone++
      this.length--
    }
    node.bury(gone)
    return gone
  }
}

/** Has the new entry the fields of the master entry? */
function sameFields(names: readonly Bytes[], argv: readonly Bytes[], from: number): boolean {
  const n = names.length
  if (argv.length - from !== 2 * n) return false
  for (let i = 0; i < n; i++) if (argv[from + 2 * i] !== names[i]) return false
  return true
}

export const createStreamObject = (): Obj => new Obj('stream', 'stream', new Stream())
export const streamOf = (o: Obj): Stream => o.value as Stream
