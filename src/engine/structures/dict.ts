/**
 * The hash table under every database, set, hash and sorted set.
 *
 * The problem: a table that has filled up must move to a bigger one, and moving a million entries at once would stop the
 * server. The idea: keep *two* tables. After an expansion new entries go to table 1, and every later operation moves one
 * bucket of table 0 over (`rehashidx` says which is next), until table 0 is empty and table 1 takes its place.
 *
 *      ht[0]  . . . . . . x . x x      buckets before rehashidx are empty already
 *                         ^ rehashidx = 6
 *      ht[1]  x . x x . x . . . . . . x . . . . .      twice the size (a power of two)
 *
 * Chains of entries hang from the buckets. A lookup during rehashing tries both tables.
 *
 * `scan` walks the buckets in *reverse binary* order: the cursor's high bit is incremented first and the carry goes down.
 * When the table doubles, bucket b splits into b and b + size, which share their low bits; in this order both come where
 * b would have come, so a cursor stays meaningful however often the table grows or shrinks between two calls: every
 * element that is there all the time is returned at least once (some perhaps twice). While rehashing, each bucket of the
 * smaller table is visited together with all its expansions in the larger.
 *
 * Layout here: no object per entry. An entry is a number; its key and value stand side by side in one JavaScript array,
 * its hash and its chain link in an Int32Array, its bucket in another. All of them are cut into chunks that are made when
 * first touched, so that growing to a million never allocates, copies or clears anything big at once.
 *
 *      bucket[i] ─▶ entry e: kv[2e] kv[2e+1] | hash[e] next[e] ─▶ entry ... ─▶ 0
 *
 * Invariants: size = used[0] + used[1]; not rehashing: table 1 is empty; rehashing: buckets of table 0 below rehashidx are
 * empty; every entry is in the bucket that its hash names; while `pauserehash` > 0 no bucket moves.
 *
 * *Kept exactly:* 7.0's sizes, load factors, resize policy, rehash step (with at most 10 empty visits per bucket), scan
 * order, insertion at the chain's head. *Simplified:* the hash function is a seeded 32-bit mix, not SipHash.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { own } from '../bytes/bytes.ts'
import type { Prng } from '../bytes/prng.ts'

export const DICT_INITIAL_SIZE = 4
export const DICT_FORCE_RESIZE_RATIO = 5
/** dict.c's HASHTABLE_MIN_FILL: below this per cent a table is worth shrinking. */
export const HASHTABLE_MIN_FILL = 10

/** enable: at load 1. avoid: only above the force ratio (a child is saving). forbid: never. */
export type ResizePolicy = 'enable' | 'avoid' | 'forbid'

const BITS = 11
const CHUNK = 1 << BITS
const MASK = CHUNK - 1
/** Chunks of entries are too big for V8's nursery: they are never copied, and what is stored in them is noted once. */
const ENTRY_BITS = 13
const ENTRY_CHUNK = 1 << ENTRY_BITS
const ENTRY_MASK = ENTRY_CHUNK - 1

/** One table: buckets hold entry numbers, 0 is empty. A missing chunk is all empty. */
class Table {
  chunks: (Int32Array | undefined)[]
  size: number
  used = 0
  constructor(size: number) {
    this.size = size
    // Holes: a chunk is made when its first bucket is written.
    this.chunks = new Array(size <= CHUNK ? 1 : size >>> BITS)
    if (size > 0 && size <= CHUNK) this.chunks[0] = new Int32Array(size)
  }
  get(i: number): number {
    const c = this.chunks[i >>> BITS]
    return c === undefined ? 0 : c[i & MASK]!
  }
  put(i: number, e: number): void {
    this.chunk(i)[i & MASK] = e
  }
  /** The chunk that bucket i is in, made if need be. */
  chunk(i: number): Int32Array {
    const c = this.chunks[i >>> BITS]
    return c !== undefined ? c : this.newChunk(i >>> BITS)
  }
  private newChunk(n: number): Int32Array {
    const c = new Int32Array(Math.min(this.size, CHUNK))
    this.chunks[n] = c
    return c
  }
}

export class Dict<V> {
  /** -1 when not rehashing. */
  rehashidx = -1
  pauserehash = 0
  resizePolicy: ResizePolicy = 'enable'
  private t0 = new Table(0)
  private t1 = new Table(0)
  /** Chunk c holds key and value of entries c * ENTRY_CHUNK .. ; entry 0 is never used. */
  private kv: unknown[][] = []
  /** The same for hash and next. */
  private meta: Int32Array[] = []
  private capacity = 0
  private nextEntry = 1
  private freeHead = 0
  private readonly seed: number

  constructor(seed = 0) {
    this.seed = (seed ^ 0x2545f491) | 0
  }

  get size(): number {
    return this.t0.used + this.t1.used
  }
  get isRehashing(): boolean {
    return this.rehashidx !== -1
  }
  tableSize(t: 0 | 1): number {
    return t === 0 ? this.t0.size : this.t1.size
  }
  tableUsed(t: 0 | 1): number {
    return t === 0 ? this.t0.used : this.t1.used
  }

  /** 32 bits, signed. */
  hashOf(k: Bytes): number {
    let h = this.seed
    const n = k.length
    const whole = n - 3
    let i = 0
    for (; i < whole; i += 4) {
      h = Math.imul(
        h ^ (k.charCodeAt(i) | (k.charCodeAt(i + 1) << 8) | (k.charCodeAt(i + 2) << 16) | (k.charCodeAt(i + 3) << 24)),
        0x5bd1e995,
      )
      h ^= h >>> 15
    }
    let tail = n << 24
    for (; i < n; i++) tail = (tail << 8) ^ k.charCodeAt(i)
    h = Math.imul(h ^ tail, 0x5bd1e995)
    h ^= h >>> 13
    h = Math.imul(h, 0x2c1b3c6d)
    return h ^ (h >>> 16)
  }

  get(k: Bytes): V | undefined {
    const e = this.find(k)
    return e === 0 ? undefined : (this.kv[e >>> ENTRY_BITS]![((e & ENTRY_MASK) << 1) + 1] as V)
  }
  has(k: Bytes): boolean {
    return this.find(k) !== 0
  }
  /** `get` for pictures: moves no bucket. */
  peek(k: Bytes): V | undefined {
    if (this.size === 0) return undefined
    const h = this.hashOf(k)
    const e = this.findIn(this.t0, h, k) || (this.rehashidx === -1 ? 0 : this.findIn(this.t1, h, k))
    return e === 0 ? undefined : (this.kv[e >>> ENTRY_BITS]![((e & ENTRY_MASK) << 1) + 1] as V)
  }
  /** How many entries hang from a bucket. */
  chainLength(table: 0 | 1, index: number): number {
    const t = table === 0 ? this.t0 : this.t1
    if (index >= t.size) return 0
    let n = 0
    for (let e = t.get(index); e !== 0; e = this.meta[e >>> ENTRY_BITS]![((e & ENTRY_MASK) << 1) + 1]!) n++
    return n
  }
  /** The key as the dict keeps it (the retained string), or undefined. */
  getKey(k: Bytes): Bytes | undefined {
    const e = this.find(k)
    return e === 0 ? undefined : (this.kv[e >>> ENTRY_BITS]![(e & ENTRY_MASK) << 1] as Bytes)
  }

  /** The number of a key's entry, which it keeps while it is in the dict; 0 when it is not. Moves no bucket. */
  entryOf(k: Bytes): number {
    if (this.size === 0) return 0
    const h = this.hashOf(k)
    return this.findIn(this.t0, h, k) || (this.rehashidx === -1 ? 0 : this.findIn(this.t1, h, k))
  }
  keyAt(entry: number): Bytes {
    return this.kv[entry >>> ENTRY_BITS]![(entry & ENTRY_MASK) << 1] as Bytes
  }

  private find(k: Bytes): number {
    if (this.t0.used + this.t1.used === 0) return 0
    if (this.rehashidx !== -1) this.rehashOne()
    const h = this.hashOf(k)
    const e = this.findIn(this.t0, h, k)
    return e !== 0 || this.rehashidx === -1 ? e : this.findIn(this.t1, h, k)
  }

  private findIn(t: Table, h: number, k: Bytes): number {
    const i = h & (t.size - 1)
    const c = t.chunks[i >>> BITS]
    if (c === undefined) return 0
    let e = c[i & MASK]!
    while (e !== 0) {
      const m = this.meta[e >>> ENTRY_BITS]!
      const at = (e & ENTRY_MASK) << 1
      if (m[at] === h && this.kv[e >>> ENTRY_BITS]![at] === k) return e
      e = m[at + 1]!
    }
    return 0
  }

  /** True when the key is new. The key is copied (`own`) then; the caller owns the value. */
  set(k: Bytes, v: V): boolean {
    return this.put(k, v, false)
  }
  /** The same for a key that the caller has owned already. */
  setOwned(k: Bytes, v: V): boolean {
    return this.put(k, v, true)
  }
  /** The same for a key that is known not to be there: it is not looked for. */
  addOwned(k: Bytes, v: V): void {
    if (this.rehashidx !== -1) this.rehashOne()
    this.expandIfNeeded()
    this.insert(this.hashOf(k), k, v)
  }
  private put(k: Bytes, v: V, owned: boolean): boolean {
    if (this.rehashidx !== -1) this.rehashOne()
    const h = this.hashOf(k)
    let e = 0
    if (this.t0.used !== 0) e = this.findIn(this.t0, h, k)
    if (e === 0 && this.rehashidx !== -1) e = this.findIn(this.t1, h, k)
    if (e !== 0) {
      this.kv[e >>> ENTRY_BITS]![((e & ENTRY_MASK) << 1) + 1] = v
      return false
    }
    this.expandIfNeeded()
    this.insert(h, owned ? k : own(k), v)
    return true
  }

  private insert(h: number, k: Bytes, v: V): void {
    const t = this.rehashidx !== -1 ? this.t1 : this.t0
    let e = this.freeHead
    if (e !== 0) this.freeHead = this.meta[e >>> ENTRY_BITS]![((e & ENTRY_MASK) << 1) + 1]!
    else {
      e = this.nextEntry++
      if (e >= this.capacity) this.growEntries()
    }
    const i = h & (t.size - 1)
    const at = (e & ENTRY_MASK) << 1
    const m = this.meta[e >>> ENTRY_BITS]!
    const kv = this.kv[e >>> ENTRY_BITS]!
    kv[at] = k
    kv[at + 1] = v
    m[at] = h
    const c = t.chunk(i)
    m[at + 1] = c[i & MASK]!
    c[i & MASK] = e
    t.used++
  }

  /** The first chunk doubles up to its full size; then whole chunks are added. */
  private growEntries(): void {
    if (this.capacity === 0) {
      this.capacity = 8
      this.meta.push(new Int32Array(16))
      this.kv.push(new Array(16))
    } else if (this.capacity < ENTRY_CHUNK) {
      this.capacity *= 2
      const m = new Int32Array(this.capacity * 2)
      m.set(this.meta[0]!)
      this.meta[0] = m
      const kv = new Array<unknown>(this.capacity * 2)
      const old = this.kv[0]!
      for (let i = 0; i < old.length; i++) kv[i] = old[i]
      this.kv[0] = kv
    } else {
      this.capacity += ENTRY_CHUNK
      this.meta.push(new Int32Array(ENTRY_CHUNK * 2))
      this.kv.push(new Array(ENTRY_CHUNK * 2))
    }
  }

  delete(k: Bytes): V | undefined {
    if (this.size === 0) return undefined
    if (this.rehashidx !== -1) this.rehashOne()
    const h = this.hashOf(k)
    for (let n = 0; n < 2; n++) {
      const t = n === 0 ? this.t0 : this.t1
      if (t.size === 0) break
      const i = h & (t.size - 1)
      let prev = 0
      for (let e = t.get(i); e !== 0; ) {
        const m = this.meta[e >>> ENTRY_BITS]!
        const at = (e & ENTRY_MASK) << 1
        const next = m[at + 1]!
        const kv = this.kv[e >>> ENTRY_BITS]!
        if (m[at] === h && kv[at] === k) {
          if (prev === 0) t.put(i, next)
          else this.meta[prev >>> ENTRY_BITS]![((prev & ENTRY_MASK) << 1) + 1] = next
          const v = kv[at + 1] as V
          kv[at] = undefined
          kv[at + 1] = undefined
          m[at + 1] = this.freeHead
          this.freeHead = e
          t.used--
          if (this.size === 0) this.releaseEntries()
          return v
        }
        prev = e
        e = next
      }
      if (this.rehashidx === -1) break
    }
    return undefined
  }

  private releaseEntries(): void {
    this.kv = []
    this.meta = []
    this.capacity = 0
    this.nextEntry = 1
    this.freeHead = 0
  }

  clear(): void {
    this.t0 = new Table(0)
    this.t1 = new Table(0)
    this.rehashidx = -1
    this.pauserehash = 0
    this.releaseEntries()
  }

  // ---- resizing -------------------------------------------------------------------------------------------------

  private expandIfNeeded(): void {
    if (this.rehashidx !== -1) return
    const t = this.t0
    if (t.size === 0) {
      this.expand(DICT_INITIAL_SIZE)
      return
    }
    if (t.used < t.size || this.resizePolicy === 'forbid') return
    if (this.resizePolicy === 'enable' || Math.floor(t.used / t.size) > DICT_FORCE_RESIZE_RATIO) this.expand(t.used + 1)
  }

  /** Make room for n entries (dictExpand): a table of the next power of two. False when it would not help. */
  expand(n: number): boolean {
    if (this.rehashidx !== -1 || this.t0.used > n) return false
    let size = DICT_INITIAL_SIZE
    while (size < n) size *= 2
    if (size === this.t0.size) return false
    if (this.t0.size === 0) {
      this.t0 = new Table(size)
      return true
    }
    this.t1 = new Table(size)
    this.rehashidx = 0
    return true
  }

  /** dictResize: shrink (or grow) to the smallest table that holds the entries. */
  resizeToFit(): boolean {
    if (this.resizePolicy !== 'enable' || this.rehashidx !== -1) return false
    return this.expand(Math.max(this.t0.used, DICT_INITIAL_SIZE))
  }

  /** htNeedsResize: filled below 10 per cent. */
  get needsResize(): boolean {
    const size = this.t0.size + this.t1.size
    return size > DICT_INITIAL_SIZE && Math.floor((this.size * 100) / size) < HASHTABLE_MIN_FILL
  }

  private rehashOne(): void {
    if (this.pauserehash === 0) this.rehashStep(1)
  }

  /** Move n buckets (dictRehash). True when there is more to move. */
  rehashStep(n: number): boolean {
    if (this.rehashidx === -1 || this.resizePolicy === 'forbid') return false
    const { t0, t1 } = this
    if (this.resizePolicy === 'avoid') {
      const ratio = t1.size > t0.size ? Math.floor(t1.size / t0.size) : Math.floor(t0.size / t1.size)
      if (t1.size !== t0.size && ratio < DICT_FORCE_RESIZE_RATIO) return false
    }
    let emptyVisits = n * 10
    while (n-- > 0 && t0.used !== 0) {
      let e = t0.get(this.rehashidx)
      while (e === 0) {
        this.rehashidx++
        if (--emptyVisits === 0) return true
        e = t0.get(this.rehashidx)
      }
      while (e !== 0) {
        const m = this.meta[e >>> ENTRY_BITS]!
        const at = (e & ENTRY_MASK) << 1
        const next = m[at + 1]!
        const i = m[at]! & (t1.size - 1)
        const c = t1.chunk(i)
        m[at + 1] = c[i & MASK]!
        c[i & MASK] = e
        t0.used--
        t1.used++
        e = next
      }
      t0.put(this.rehashidx, 0)
      // A chunk that has been passed is not needed any more.
      if ((this.rehashidx & MASK) === MASK) t0.chunks[this.rehashidx >>> BITS] = undefined
      this.rehashidx++
    }
    if (t0.used === 0) {
      this.t0 = t1
      this.t1 = new Table(0)
      this.rehashidx = -1
      return false
    }
    return true
  }

  // ---- walking --------------------------------------------------------------------------------------------------

  private emitBucket(t: Table, i: number, fn: (k: Bytes, v: V) => void): void {
    let e = t.get(i)
    while (e !== 0) {
      const next = this.meta[e >>> ENTRY_BITS]![((e & ENTRY_MASK) << 1) + 1]!
      const kv = this.kv[e >>> ENTRY_BITS]!
      const at = (e & ENTRY_MASK) << 1
      fn(kv[at] as Bytes, kv[at + 1] as V)
      e = next
    }
  }

  /** One step of a scan; the next cursor, 0 at the end. Only the low 32 bits of the cursor matter. */
  scan(cursor: number | bigint, fn: (k: Bytes, v: V) => void): number {
    if (this.size === 0) return 0
    let v = typeof cursor === 'bigint' ? Number(cursor & 0xffffffffn) | 0 : cursor | 0
    this.pauserehash++
    try {
      if (this.rehashidx === -1) {
        const m = this.t0.size - 1
        this.emitBucket(this.t0, v & m, fn)
        v = nextCursor(v, m)
      } else {
        let [small, large] = [this.t0, this.t1]
        if (small.size > large.size) [small, large] = [large, small]
        const m0 = small.size - 1
        const m1 = large.size - 1
        this.emitBucket(small, v & m0, fn)
        do {
          this.emitBucket(large, v & m1, fn)
          v = nextCursor(v, m1)
        } while ((v & (m0 ^ m1)) !== 0)
      }
    } finally {
      this.pauserehash--
    }
    return v >>> 0
  }

  /** In table and bucket order. The callback may change values or delete the entry at hand, not add. */
  forEach(fn: (k: Bytes, v: V) => void): void {
    this.pauserehash++
    try {
      for (const t of [this.t0, this.t1]) {
        if (t.used === 0) continue
        for (let c = 0; c < t.chunks.length; c++) {
          if (t.chunks[c] === undefined) continue
          const end = Math.min(t.size, (c + 1) << BITS)
          for (let i = c << BITS; i < end; i++) if (t.get(i) !== 0) this.emitBucket(t, i, fn)
        }
      }
    } finally {
      this.pauserehash--
    }
  }
  /** In the order in which entries lie in memory, which is several times faster for a big dict. */
  forEachInMemory(fn: (k: Bytes, v: V) => void): void {
    for (const kv of this.kv)
      for (let at = 0; at < kv.length; at += 2) if (kv[at] !== undefined) fn(kv[at] as Bytes, kv[at + 1] as V)
  }
  /** As forEach, until fn says false. */
  forEachWhile(fn: (k: Bytes, v: V) => boolean): void {
    this.pauserehash++
    try {
      for (const t of [this.t0, this.t1]) {
        if (t.used === 0) continue
        for (let c = 0; c < t.chunks.length; c++) {
          if (t.chunks[c] === undefined) continue
          const end = Math.min(t.size, (c + 1) << BITS)
          for (let i = c << BITS; i < end; i++) {
            for (let e = t.get(i); e !== 0; ) {
              const next = this.meta[e >>> ENTRY_BITS]![((e & ENTRY_MASK) << 1) + 1]!
              const kv = this.kv[e >>> ENTRY_BITS]!
              const at = (e & ENTRY_MASK) << 1
              if (!fn(kv[at] as Bytes, kv[at + 1] as V)) return
              e = next
            }
          }
        }
      }
    } finally {
      this.pauserehash--
    }
  }
  keys(): Bytes[] {
    const out: Bytes[] = []
    this.forEach((k) => {
      out.push(k)
    })
    return out
  }
  /** The chain of one bucket, head first. */
  bucketKeys(table: 0 | 1, index: number): Bytes[] {
    const out: Bytes[] = []
    const t = table === 0 ? this.t0 : this.t1
    if (index < t.size) {
      this.emitBucket(t, index, (k) => {
        out.push(k)
      })
    }
    return out
  }

  /** dictGetRandomKey: a random non-empty bucket, then a random entry of its chain (so chains bias it). */
  random(rng: Prng): [Bytes, V] | null {
    if (this.size === 0) return null
    if (this.rehashidx !== -1) this.rehashOne()
    const { t0, t1 } = this
    let e = 0
    if (this.rehashidx !== -1) {
      do {
        const i = this.rehashidx + rng.below(t0.size + t1.size - this.rehashidx)
        e = i >= t0.size ? t1.get(i - t0.size) : t0.get(i)
      } while (e === 0)
    } else {
      do e = t0.get(rng.next() & (t0.size - 1))
      while (e === 0)
    }
    const chain: number[] = []
    for (; e !== 0; e = this.meta[e >>> ENTRY_BITS]![((e & ENTRY_MASK) << 1) + 1]!) chain.push(e)
    return this.entry(chain[chain.length === 1 ? 0 : rng.below(chain.length)]!)
  }

  private entry(e: number): [Bytes, V] {
    const kv = this.kv[e >>> ENTRY_BITS]!
    const at = (e & ENTRY_MASK) << 1
    return [kv[at] as Bytes, kv[at + 1] as V]
  }

  /** dictGetFairRandomKey: one of 15 neighbours, which evens out chain lengths. */
  fairRandom(rng: Prng): [Bytes, V] | null {
    const some = this.sample(rng, 15)
    return some.length === 0 ? this.random(rng) : some[rng.below(some.length)]!
  }

  /**
   * dictGetSomeKeys: up to `count` entries from consecutive buckets; quick, not uniform, may hold duplicates. The last chain is
   * seen to its end, each of its entries with the same chance (reservoir sampling): else newer ones would hide the older.
   */
  sample(rng: Prng, count: number): [Bytes, V][] {
    const out: [Bytes, V][] = []
    count = Math.min(count, this.size)
    if (count === 0) return out
    for (let j = 0; j < count && this.rehashidx !== -1; j++) this.rehashOne()
    const rehashing = this.rehashidx !== -1
    const { t0, t1 } = this
    let maxMask = t0.size - 1
    if (rehashing && t1.size - 1 > maxMask) maxMask = t1.size - 1
    let i = rng.next() & maxMask
    let empty = 0
    let steps = count * 10
    let stored = 0
    while (stored < count && steps-- > 0) {
      for (let n = 0; n < (rehashing ? 2 : 1); n++) {
        const t = n === 0 ? t0 : t1
        if (rehashing && n === 0 && i < this.rehashidx) {
          if (i >= t1.size) i = this.rehashidx
          else continue
        }
        if (i >= t.size) continue
        let e = t.get(i)
        if (e === 0) {
          empty++
          if (empty >= 5 && empty > count) {
            i = rng.next() & maxMask
            empty = 0
          }
          continue
        }
        empty = 0
        for (; e !== 0; e = this.meta[e >>> ENTRY_BITS]![((e & ENTRY_MASK) << 1) + 1]!) {
          if (stored < count) out.push(this.entry(e))
          else {
            const r = rng.below(stored + 1)
            if (r < count) out[r] = this.entry(e)
          }
          stored++
        }
        if (stored >= count) return out
      }
      i = (i + 1) & maxMask
    }
    return out
  }
}

/** Set the bits above the mask, then increment the reversed cursor. */
function nextCursor(v: number, mask: number): number {
  return reverse32((reverse32(v | ~mask) + 1) | 0)
}

function reverse32(v: number): number {
  v = ((v >>> 1) & 0x55555555) | ((v & 0x55555555) << 1)
  v = ((v >>> 2) & 0x33333333) | ((v & 0x33333333) << 2)
  v = ((v >>> 4) & 0x0f0f0f0f) | ((v & 0x0f0f0f0f) << 4)
  v = ((v >>> 8) & 0x00ff00ff) | ((v & 0x00ff00ff) << 8)
  return (v >>> 16) | (v << 16)
}
