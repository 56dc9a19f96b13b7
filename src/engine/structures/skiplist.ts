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
 * Layout here: a node is a number, its place in one pool of memory, counted in 8 bytes; 0 is the head and "nil" is 0 too. A
 * node has everything that a search looks at side by side, as zskiplistNode has it:
 *
 *      | score (a double) | backward | element, levels | forward, span | forward, span | ...
 *                                                        level 0         level 1
 *
 * But for the element, which is a string: the node has its index, with the number of levels (less 1) in the lowest 5 bits.
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

/** A chunk holds 2^17 places of 8 bytes, and no node lies across two. */
const BITS = 17
const CHUNK = 1 << BITS
const MASK = CHUNK - 1
const FIRST_CHUNK = 64
/** Elements stand in chunks of their own, as they are no numbers. */
const ELE_BITS = 11
const ELE_MASK = (1 << ELE_BITS) - 1

const update = new Int32Array(ZSKIPLIST_MAXLEVEL)
const rankAt = new Int32Array(ZSKIPLIST_MAXLEVEL)

export class Skiplist {
  length = 0
  level = 1
  private tailNode = 0
  private readonly ele: (Bytes | undefined)[][] = []
  private eleEnd = 0
  /** The same memory seen as numbers of 4 bytes, two a place, and as scores. */
  private readonly ints: Int32Array[] = []
  private readonly scores: Float64Array[] = []
  /** The next free place. */
  private end = 0
  /** Freed nodes of each number of levels, chained by their backward links; they keep their place for an element. */
  private readonly free: number[] = []
  private readonly rng: Prng

  constructor(seed = 1) {
    this.rng = new Prng(seed)
    this.newNode(ZSKIPLIST_MAXLEVEL, 0, '')
  }

  // ---- nodes ----------------------------------------------------------------------------------------------------

  private newNode(levels: number, score: number, ele: Bytes): number {
    let x = this.free[levels] ?? 0
    let index: number
    if (x !== 0) {
      const c = this.ints[x >>> BITS]!
      const at = (x & MASK) << 1
      this.free[levels] = c[at + 2]!
      c.fill(0, at + 4, at + 4 + levels * 2)
      index = c[at + 3]! >>> 5
    } else {
      x = this.place(2 + levels)
      index = this.eleEnd++
      const chunk = index >>> ELE_BITS
      if (chunk === this.ele.length) this.ele.push(chunk === 0 ? [] : new Array(1 << ELE_BITS))
    }
    const c = this.ints[x >>> BITS]!
    const at = (x & MASK) << 1
    c[at + 2] = 0
    c[at + 3] = (index << 5) | (levels - 1)
    this.scores[x >>> BITS]![x & MASK] = score
    this.ele[index >>> ELE_BITS]![index & ELE_MASK] = ele
    return x
  }
  /** So many places in a row that lie in one chunk. */
  private place(need: number): number {
    const last = this.ints.length - 1
    const inChunk = this.end - (last << BITS)
    if (last === 0 && inChunk + need > this.scores[0]!.length && this.scores[0]!.length < CHUNK) {
      const bigger = new Float64Array(Math.min(CHUNK, Math.max(this.scores[0]!.length * 2, inChunk + need)))
      bigger.set(this.scores[0]!)
      this.setChunk(0, bigger)
      return this.place(need)
    }
    if (last < 0 || inChunk + need > this.scores[last]!.length) {
      this.setChunk(last + 1, new Float64Array(last < 0 ? FIRST_CHUNK : CHUNK))
      this.end = (last + 1) << BITS
    }
    const x = this.end
    this.end += need
    return x
  }
  private setChunk(i: number, memory: Float64Array): void {
    this.scores[i] = memory
    this.ints[i] = new Int32Array(memory.buffer)
  }
  private freeNode(x: number): void {
    const c = this.ints[x >>> BITS]!
    const at = (x & MASK) << 1
    const levels = (c[at + 3]! & 31) + 1
    const index = c[at + 3]! >>> 5
    this.ele[index >>> ELE_BITS]![index & ELE_MASK] = undefined
    c[at + 2] = this.free[levels] ?? 0
    this.free[levels] = x
  }
  private forwardAt(x: number, level: number): number {
    return this.ints[x >>> BITS]![((x & MASK) << 1) + 4 + level * 2]!
  }
  private spanAt(x: number, level: number): number {
    return this.ints[x >>> BITS]![((x & MASK) << 1) + 5 + level * 2]!
  }
  private setLink(x: number, level: number, forward: number, span: number): void {
    const c = this.ints[x >>> BITS]!
    const at = ((x & MASK) << 1) + 4 + level * 2
    c[at] = forward
    c[at + 1] = span
  }
  private setBackward(x: number, to: number): void {
    this.ints[x >>> BITS]![((x & MASK) << 1) + 2] = to
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
    return this.ints[x >>> BITS]![((x & MASK) << 1) + 2]!
  }
  scoreOf(x: number): number {
    return this.scores[x >>> BITS]![x & MASK]!
  }
  eleOf(x: number): Bytes {
    const index = this.ints[x >>> BITS]![((x & MASK) << 1) + 3]! >>> 5
    return this.ele[index >>> ELE_BITS]![index & ELE_MASK]!
  }
  levelsOf(x: number): number {
    return (this.ints[x >>> BITS]![((x & MASK) << 1) + 3]! & 31) + 1
  }
  /** Forward and span of each level of a node (0 is the head), for pictures. */
  levels(x: number): { forward: number; span: number }[] {
    const out: { forward: number; span: number }[] = []
    const n = x === 0 ? this.level : this.levelsOf(x)
    for (let i = 0; i < n; i++) out.push({ forward: this.forwardAt(x, i), span: this.spanAt(x, i) })
    return out
  }

  private before(x: number, score: number, ele: Bytes): boolean {
    const s = this.scores[x >>> BITS]![x & MASK]!
    return s < score || (s === score && this.eleOf(x) < ele)
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
    let rank = 0
    // The node that was found not to lie before: the next level's link often leads to it too.
    let beyond = 0
    for (let i = this.level - 1; i >= 0; i--) {
      for (;;) {
        const c = this.ints[x >>> BITS]!
        const at = ((x & MASK) << 1) + 4 + i * 2
        const f = c[at]!
        if (f === beyond) break
        if (!this.before(f, score, ele)) {
          beyond = f
          break
        }
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
    this.setBackward(x, update[0]!)
    const next = this.forwardAt(x, 0)
    if (next !== 0) this.setBackward(next, x)
    else this.tailNode = x
    this.length++
    return x
  }

  /** Fills `update` with the last node before (score, ele) on each level. */
  private findBefore(score: number, ele: Bytes): number {
    let x = 0
    let beyond = 0
    for (let i = this.level - 1; i >= 0; i--) {
      for (;;) {
        const f = this.forwardAt(x, i)
        if (f === beyond) break
        if (!this.before(f, score, ele)) {
          beyond = f
          break
        }
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
    if (next !== 0) this.setBackward(next, prev)
    else this.tailNode = prev
    while (this.level > 1 && this.forwardAt(0, this.level - 1) === 0) this.level--
    this.length--
    this.freeNode(x)
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
      this.scores[x >>> BITS]![x & MASK] = score
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
    let beyond = 0
    for (let i = this.level - 1; i >= 0; i--) {
      for (;;) {
        const c = this.ints[x >>> BITS]!
        const at = ((x & MASK) << 1) + 4 + i * 2
        const f = c[at]!
        if (f === beyond) break
        const s = this.scores[f >>> BITS]![f & MASK]!
        if (s > score) {
          beyond = f
          break
        }
        if (s === score) {
          const e = this.eleOf(f)
          if (e === ele) return rank + c[at + 1]!
          if (e > ele) {
            beyond = f
            break
          }
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
        const c = this.ints[x >>> BITS]!
        const at = ((x & MASK) << 1) + 4 + i * 2
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
