/**
 * A sorted list that can be searched in logarithmic time: an ordered chain with express lanes.
 *
 *      level 2   head ───────────────4──────────────▶ (d) ──────────▶ nil
 *      level 1   head ──1──▶ (a) ────3──────────────▶ (d) ────2─────▶ (f)
 *      level 0   head ──1──▶ (a) ─1▶ (b) ─1▶ (c) ─1─▶ (d) ─1▶ (e) ─1▶ (f)
 *
 * Each node takes part in level 0 and, with probability 1/4 each, in every next level (at most 32). A search runs along
 * the highest lane until it would overshoot, then goes one down. Each link knows its *span*, how many nodes it passes; the
 * sum of spans along a search is the node's rank, which is how ZRANK is fast.
 *
 * Order: by score, then by the element's bytes (memcmp). The same element may not be there twice; the dict beside the list
 * (see Zset) takes care of that.
 *
 * Layout here: nodes are numbers, 0 is the head and "nil" is 0 too. Score, backward link and element stand in chunks; the
 * pairs (forward, span) of all levels of a node stand together in a pool.
 *
 * Invariants: level 0 is strictly ascending; each span equals the distance on level 0 (for links to nil: to the end);
 * backward is the inverse of forward on level 0. *Kept exactly:* levels, p = 1/4, spans, tie order.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { Prng } from '../bytes/prng.ts'

export const ZSKIPLIST_MAXLEVEL = 32

export interface ScoreRange {
  readonly min: number
  readonly max: number
  readonly minex: boolean
  readonly maxex: boolean
}
/** null stands for '-' as min and '+' as max; see LexBound. */
export type LexBound = Bytes | typeof LEX_MIN | typeof LEX_MAX
export const LEX_MIN = -1
export const LEX_MAX = 1
export interface LexRange {
  readonly min: LexBound
  readonly max: LexBound
  readonly minex: boolean
  readonly maxex: boolean
}

export const scoreGteMin = (s: number, r: ScoreRange): boolean => (r.minex ? s > r.min : s >= r.min)
export const scoreLteMax = (s: number, r: ScoreRange): boolean => (r.maxex ? s < r.max : s <= r.max)
const compareLex = (e: Bytes, b: LexBound): number => (typeof b === 'number' ? -b : e < b ? -1 : e > b ? 1 : 0)
export const lexGteMin = (e: Bytes, r: LexRange): boolean =>
  r.minex ? compareLex(e, r.min) > 0 : compareLex(e, r.min) >= 0
export const lexLteMax = (e: Bytes, r: LexRange): boolean =>
  r.maxex ? compareLex(e, r.max) < 0 : compareLex(e, r.max) <= 0
const boundOrder = (a: LexBound, b: LexBound): number => {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : a
  return typeof b === 'number' ? -b : a < b ? -1 : a > b ? 1 : 0
}
export const scoreRangeEmpty = (r: ScoreRange): boolean => r.min > r.max || (r.min === r.max && (r.minex || r.maxex))
export const lexRangeEmpty = (r: LexRange): boolean => {
  const c = boundOrder(r.min, r.max)
  return c > 0 || (c === 0 && (r.minex || r.maxex))
}

const BITS = 11
const CHUNK = 1 << BITS
const MASK = CHUNK - 1
const POOL_BITS = 12
const POOL_MASK = (1 << POOL_BITS) - 1

const update = new Int32Array(ZSKIPLIST_MAXLEVEL)
const rankAt = new Int32Array(ZSKIPLIST_MAXLEVEL)

export class Skiplist {
  length = 0
  level = 1
  private tailNode = 0
  private ele: (Bytes | undefined)[][] = []
  /** Six int32 a node, side by side for the cache's sake: the score (two), backward, offset of its links in the pool, its levels, nothing. */
  private info: Int32Array[] = []
  /** The scores, seen as such: the same memory, three doubles a node. */
  private scores: Float64Array[] = []
  private pool: Int32Array[] = []
  private poolEnd = 0
  private freeLinks: number[] = []
  private nextNode = 0
  private capacity = 0
  private freeNode = 0
  private readonly rng: Prng

  constructor(seed = 1) {
    this.rng = new Prng(seed)
    this.newNode(ZSKIPLIST_MAXLEVEL, 0, '')
  }

  // ---- nodes ----------------------------------------------------------------------------------------------------

  private newNode(levels: number, score: number, ele: Bytes): number {
    let x = this.freeNode
    if (x !== 0) this.freeNode = this.info[x >>> BITS]![(x & MASK) * 6 + 2]!
    else {
      x = this.nextNode++
      if (x >= this.capacity) this.grow()
    }
    const info = this.info[x >>> BITS]!
    const at = (x & MASK) * 6 + 2
    info[at] = 0
    info[at + 1] = this.newLinks(levels)
    info[at + 2] = levels
    this.scores[x >>> BITS]![(x & MASK) * 3] = score
    this.ele[x >>> BITS]![x & MASK] = ele
    return x
  }
  private grow(): void {
    if (this.capacity >= CHUNK) {
      this.capacity += CHUNK
      this.setInfo(this.info.length, new Int32Array(CHUNK * 6))
      this.ele.push(new Array(CHUNK))
      return
    }
    this.capacity = this.capacity === 0 ? 16 : this.capacity * 2
    const info = new Int32Array(this.capacity * 6)
    const ele = new Array<Bytes | undefined>(this.capacity)
    if (this.info[0]) {
      info.set(this.info[0])
      for (let i = 0; i < this.ele[0]!.length; i++) ele[i] = this.ele[0]![i]
    }
    this.setInfo(0, info)
    this.ele[0] = ele
  }
  private setInfo(chunk: number, info: Int32Array): void {
    this.info[chunk] = info
    this.scores[chunk] = new Float64Array(info.buffer)
  }
  /** 2 * levels ints that lie in one chunk of the pool. */
  private newLinks(levels: number): number {
    const free = this.freeLinks[levels]
    if (free) {
      this.freeLinks[levels] = this.pool[free >>> POOL_BITS]![free & POOL_MASK]!
      this.pool[free >>> POOL_BITS]!.fill(0, free & POOL_MASK, (free & POOL_MASK) + levels * 2)
      return free
    }
    const need = levels * 2
    let chunk = this.pool.length - 1
    if (chunk === 0 && this.poolEnd + need > this.pool[0]!.length && this.pool[0]!.length <= POOL_MASK) {
      const bigger = new Int32Array(this.pool[0]!.length * 2)
      bigger.set(this.pool[0]!)
      this.pool[0] = bigger
    }
    if (chunk < 0 || this.poolEnd + need > this.pool[chunk]!.length) {
      this.pool.push(new Int32Array(chunk < 0 ? 128 : POOL_MASK + 1))
      this.poolEnd = 0
      chunk++
    }
    const at = (chunk << POOL_BITS) | this.poolEnd
    this.poolEnd += need
    return at
  }
  private freeNodeAt(x: number): void {
    const info = this.info[x >>> BITS]!
    const at = (x & MASK) * 6 + 2
    const links = info[at + 1]!
    const levels = info[at + 2]!
    this.pool[links >>> POOL_BITS]![links & POOL_MASK] = this.freeLinks[levels] ?? 0
    this.freeLinks[levels] = links
    this.ele[x >>> BITS]![x & MASK] = undefined
    info[at] = this.freeNode
    this.freeNode = x
  }
  private links(x: number): number {
    return this.info[x >>> BITS]![(x & MASK) * 6 + 3]!
  }
  private forwardAt(x: number, level: number): number {
    const l = this.links(x)
    return this.pool[l >>> POOL_BITS]![(l & POOL_MASK) + level * 2]!
  }
  private spanAt(x: number, level: number): number {
    const l = this.links(x)
    return this.pool[l >>> POOL_BITS]![(l & POOL_MASK) + level * 2 + 1]!
  }
  private setLink(x: number, level: number, forward: number, span: number): void {
    const l = this.links(x)
    const c = this.pool[l >>> POOL_BITS]!
    const at = (l & POOL_MASK) + level * 2
    c[at] = forward
    c[at + 1] = span
  }

  /** 0 is the end. */
  first(): number {
    return this.forwardAt(0, 0)
  }
  last(): number {
    return this.tailNode
  }
  next(x: number): number {
    return this.forwardAt(x, 0)
  }
  prev(x: number): number {
    return this.info[x >>> BITS]![(x & MASK) * 6 + 2]!
  }
  scoreOf(x: number): number {
    return this.scores[x >>> BITS]![(x & MASK) * 3]!
  }
  eleOf(x: number): Bytes {
    return this.ele[x >>> BITS]![x & MASK]!
  }
  levelsOf(x: number): number {
    return this.info[x >>> BITS]![(x & MASK) * 6 + 4]!
  }
  /** Forward and span of each level of a node (0 is the head), for pictures. */
  levels(x: number): { forward: number; span: number }[] {
    const out: { forward: number; span: number }[] = []
    const n = x === 0 ? this.level : this.levelsOf(x)
    for (let i = 0; i < n; i++) out.push({ forward: this.forwardAt(x, i), span: this.spanAt(x, i) })
    return out
  }

  private before(x: number, score: number, ele: Bytes): boolean {
    const s = this.scores[x >>> BITS]![(x & MASK) * 3]!
    return s < score || (s === score && this.ele[x >>> BITS]![x & MASK]! < ele)
  }

  // ---- changing -------------------------------------------------------------------------------------------------

  private randomLevel(): number {
    let level = 1
    while (level < ZSKIPLIST_MAXLEVEL && (this.rng.next() & 0xffff) < 0x4000) level++
    return level
  }

  /** The element must not be there and the score must not be NaN. Gives the new node. */
  insert(score: number, ele: Bytes): number {
    let x = 0
    for (let i = this.level - 1; i >= 0; i--) {
      let rank = i === this.level - 1 ? 0 : rankAt[i + 1]!
      for (;;) {
        const l = this.links(x)
        const c = this.pool[l >>> POOL_BITS]!
        const at = (l & POOL_MASK) + i * 2
        const f = c[at]!
        if (f === 0 || !this.before(f, score, ele)) break
        rank += c[at + 1]!
        x = f
      }
      rankAt[i] = rank
      update[i] = x
    }
    const levels = this.randomLevel()
    if (levels > this.level) {
      for (let i = this.level; i < levels; i++) {
        rankAt[i] = 0
        update[i] = 0
        this.setLink(0, i, 0, this.length)
      }
      this.level = levels
    }
    x = this.newNode(levels, score, ele)
    const rank0 = rankAt[0]!
    for (let i = 0; i < levels; i++) {
      const u = update[i]!
      const passed = rank0 - rankAt[i]!
      this.setLink(x, i, this.forwardAt(u, i), this.spanAt(u, i) - passed)
      this.setLink(u, i, x, passed + 1)
    }
    for (let i = levels; i < this.level; i++) {
      const u = update[i]!
      this.setLink(u, i, this.forwardAt(u, i), this.spanAt(u, i) + 1)
    }
    this.info[x >>> BITS]![(x & MASK) * 6 + 2] = update[0]!
    const next = this.forwardAt(x, 0)
    if (next !== 0) this.info[next >>> BITS]![(next & MASK) * 6 + 2] = x
    else this.tailNode = x
    this.length++
    return x
  }

  /** Fills `update` with the last node before (score, ele) on each level. */
  private findBefore(score: number, ele: Bytes): number {
    let x = 0
    for (let i = this.level - 1; i >= 0; i--) {
      for (;;) {
        const f = this.forwardAt(x, i)
        if (f === 0 || !this.before(f, score, ele)) break
        x = f
      }
      update[i] = x
    }
    return this.forwardAt(x, 0)
  }

  private unlink(x: number): void {
    for (let i = 0; i < this.level; i++) {
      const u = update[i]!
      if (this.forwardAt(u, i) === x)
        this.setLink(u, i, this.forwardAt(x, i), this.spanAt(u, i) + this.spanAt(x, i) - 1)
      else this.setLink(u, i, this.forwardAt(u, i), this.spanAt(u, i) - 1)
    }
    const next = this.forwardAt(x, 0)
    const prev = this.prev(x)
    if (next !== 0) this.info[next >>> BITS]![(next & MASK) * 6 + 2] = prev
    else this.tailNode = prev
    while (this.level > 1 && this.forwardAt(0, this.level - 1) === 0) this.level--
    this.length--
    this.freeNodeAt(x)
  }

  delete(score: number, ele: Bytes): boolean {
    const x = this.findBefore(score, ele)
    if (x === 0 || this.scoreOf(x) !== score || this.eleOf(x) !== ele) return false
    this.unlink(x)
    return true
  }

  /** Gives an element that is there another score; in place when its neighbours allow. */
  updateScore(current: number, ele: Bytes, score: number): void {
    const x = this.findBefore(current, ele)
    const prev = this.prev(x)
    const next = this.forwardAt(x, 0)
    if ((prev === 0 || this.scoreOf(prev) < score) && (next === 0 || this.scoreOf(next) > score)) {
      this.scores[x >>> BITS]![(x & MASK) * 3] = score
      return
    }
    const kept = this.eleOf(x)
    this.unlink(x)
    this.insert(score, kept)
  }

  // ---- searching ------------------------------------------------------------------------------------------------

  /** 1-based, 0 when it is not there. */
  rank(score: number, ele: Bytes): number {
    let x = 0
    let rank = 0
    for (let i = this.level - 1; i >= 0; i--) {
      for (;;) {
        const l = this.links(x)
        const c = this.pool[l >>> POOL_BITS]!
        const at = (l & POOL_MASK) + i * 2
        const f = c[at]!
        if (f === 0) break
        const s = this.scores[f >>> BITS]![(f & MASK) * 3]!
        if (s > score) break
        if (s === score) {
          const e = this.ele[f >>> BITS]![f & MASK]!
          if (e === ele) return rank + c[at + 1]!
          if (e > ele) break
        }
        rank += c[at + 1]!
        x = f
      }
    }
    return 0
  }
  /** The steps of that search, for pictures: from which node, on which level, to which (0: down instead). */
  searchPath(score: number, ele: Bytes): { node: number; level: number; next: number; span: number }[] {
    const path: { node: number; level: number; next: number; span: number }[] = []
    let x = 0
    for (let i = this.level - 1; i >= 0; i--) {
      for (;;) {
        const f = this.forwardAt(x, i)
        const take = f !== 0 && (this.before(f, score, ele) || (this.scoreOf(f) === score && this.eleOf(f) === ele))
        path.push({ node: x, level: i, next: take ? f : 0, span: take ? this.spanAt(x, i) : 0 })
        if (!take) break
        x = f
      }
      if (x !== 0 && this.eleOf(x) === ele) break
    }
    return path
  }
  /** The node with this 1-based rank, or 0. */
  byRank(rank: number): number {
    if (rank <= 0) return 0
    let x = 0
    let passed = 0
    for (let i = this.level - 1; i >= 0; i--) {
      for (;;) {
        const l = this.links(x)
        const c = this.pool[l >>> POOL_BITS]!
        const at = (l & POOL_MASK) + i * 2
        const f = c[at]!
        if (f === 0 || passed + c[at + 1]! > rank) break
        passed += c[at + 1]!
        x = f
      }
      if (passed === rank) return x
    }
    return 0
  }

  /** The last node for which `goOn` holds; goOn must be true on a prefix. 0 when there is none. */
  private lastWhile(goOn: (x: number) => boolean): number {
    let x = 0
    for (let i = this.level - 1; i >= 0; i--) {
      for (;;) {
        const f = this.forwardAt(x, i)
        if (f === 0 || !goOn(f)) break
        x = f
      }
      update[i] = x
    }
    return x
  }
  firstInScore(r: ScoreRange): number {
    if (scoreRangeEmpty(r)) return 0
    const x = this.forwardAt(
      this.lastWhile((n) => !scoreGteMin(this.scoreOf(n), r)),
      0,
    )
    return x !== 0 && scoreLteMax(this.scoreOf(x), r) ? x : 0
  }
  lastInScore(r: ScoreRange): number {
    if (scoreRangeEmpty(r)) return 0
    const x = this.lastWhile((n) => scoreLteMax(this.scoreOf(n), r))
    return x !== 0 && scoreGteMin(this.scoreOf(x), r) ? x : 0
  }
  /** zslIsInLexRange: looks at both ends only, so with different scores it may err, as Redis does. */
  private meetsLex(r: LexRange): boolean {
    if (this.length === 0 || lexRangeEmpty(r)) return false
    return lexGteMin(this.eleOf(this.tailNode), r) && lexLteMax(this.eleOf(this.first()), r)
  }
  firstInLex(r: LexRange): number {
    if (!this.meetsLex(r)) return 0
    const x = this.forwardAt(
      this.lastWhile((n) => !lexGteMin(this.eleOf(n), r)),
      0,
    )
    return x !== 0 && lexLteMax(this.eleOf(x), r) ? x : 0
  }
  lastInLex(r: LexRange): number {
    if (!this.meetsLex(r)) return 0
    const x = this.lastWhile((n) => lexLteMax(this.eleOf(n), r))
    return x !== 0 && lexGteMin(this.eleOf(x), r) ? x : 0
  }

  /** Deletes from the node after `update` on while `goOn`; each deleted element is told. */
  private deleteWhile(goOn: (x: number) => boolean, gone: (ele: Bytes) => void): number {
    let x = this.forwardAt(update[0]!, 0)
    let n = 0
    while (x !== 0 && goOn(x)) {
      const next = this.forwardAt(x, 0)
      gone(this.eleOf(x))
      this.unlink(x)
      n++
      x = next
    }
    return n
  }
  deleteRangeByScore(r: ScoreRange, gone: (ele: Bytes) => void): number {
    this.lastWhile((n) => !scoreGteMin(this.scoreOf(n), r))
    return this.deleteWhile((x) => scoreLteMax(this.scoreOf(x), r), gone)
  }
  deleteRangeByLex(r: LexRange, gone: (ele: Bytes) => void): number {
    this.lastWhile((n) => !lexGteMin(this.eleOf(n), r))
    return this.deleteWhile((x) => lexLteMax(this.eleOf(x), r), gone)
  }
  /** 1-based and inclusive. */
  deleteRangeByRank(start: number, end: number, gone: (ele: Bytes) => void): number {
    let x = 0
    let passed = 0
    for (let i = this.level - 1; i >= 0; i--) {
      for (;;) {
        const f = this.forwardAt(x, i)
        if (f === 0 || passed + this.spanAt(x, i) >= start) break
        passed += this.spanAt(x, i)
        x = f
      }
      update[i] = x
    }
    let rank = passed
    return this.deleteWhile(() => ++rank <= end, gone)
  }
}
