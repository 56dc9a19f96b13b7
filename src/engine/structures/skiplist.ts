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
 * Layout here: skiplist-nodes.ts.
 *
 * Invariants: level 0 is strictly ascending; each span equals the distance on level 0 (for links to nil: to the end);
 * backward is the inverse of forward on level 0. *Kept exactly:* levels, p = 1/4, spans, tie order.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { Prng } from '../bytes/prng.ts'
import type { LexRange, ScoreRange } from './ranges.ts'
import { lexGteMin, lexLteMax, lexRangeEmpty, scoreGteMin, scoreLteMax, scoreRangeEmpty } from './ranges.ts'
import { SkiplistNodes, ZSKIPLIST_MAXLEVEL } from './skiplist-nodes.ts'

const update = new Int32Array(ZSKIPLIST_MAXLEVEL)
const rankAt = new Int32Array(ZSKIPLIST_MAXLEVEL)

export class Skiplist extends SkiplistNodes {
  length = 0
  level = 1
  private tailNode = 0
  private readonly rng: Prng

  constructor(seed = 1) {
    super()
    this.rng = new Prng(seed)
    this.newNode(ZSKIPLIST_MAXLEVEL, 0, '')
  }

  /** 0 is the end. */
  first(): number {
    return this.next(0)
  }
  last(): number {
    return this.tailNode
  }
  /** Forward and span of each level of a node (0 is the head), for pictures. */
  levels(x: number): { forward: number; span: number }[] {
    const out: { forward: number; span: number }[] = []
    const n = x === 0 ? this.level : this.levelsOf(x)
    for (let i = 0; i < n; i++) out.push({ forward: this.forwardAt(x, i), span: this.spanAt(x, i) })
    return out
  }

  private before(x: number, score: number, ele: Bytes): boolean {
    const s = this.scoreOf(x)
    return s < score || (s === score && this.eleOf(x) < ele)
  }
  /** Does the node that this link leads to lie before? The score beside the link tells, unless it is the same. */
  private leadsBefore(x: number, level: number, score: number, ele: Bytes): boolean {
    const s = this.forwardScoreAt(x, level)
    if (s !== score) return s < score
    const f = this.forwardAt(x, level)
    return f !== 0 && this.eleOf(f) < ele
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
    for (let i = this.level - 1; i > 0; i--) {
      while (this.leadsBefore(x, i, score, ele)) {
        rank += this.spanAt(x, i)
        x = this.forwardAt(x, i)
      }
      rankAt[i] = rank
      update[i] = x
    }
    for (let f = this.next(x); f !== 0 && this.before(f, score, ele); f = this.next(f)) {
      rank++
      x = f
    }
    rankAt[0] = rank
    update[0] = x
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
    for (let i = levels; i < this.level; i++) this.addSpan(update[i]!, i, 1)
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
    for (let i = this.level - 1; i > 0; i--) {
      while (this.leadsBefore(x, i, score, ele)) x = this.forwardAt(x, i)
      update[i] = x
    }
    let f = this.next(x)
    for (; f !== 0 && this.before(f, score, ele); f = this.next(f)) x = f
    update[0] = x
    return f
  }

  private unlink(x: number): void {
    for (let i = 0; i < this.level; i++) {
      const u = update[i]!
      if (this.forwardAt(u, i) === x)
        this.setLink(u, i, this.forwardAt(x, i), this.spanAt(u, i) + this.spanAt(x, i) - 1)
      else this.addSpan(u, i, -1)
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
      this.setScore(x, score)
      for (let i = this.levelsOf(x) - 1; i > 0; i--) this.setForwardScore(update[i]!, i, score)
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
    for (let i = this.level - 1; i > 0; i--) {
      for (;;) {
        const s = this.forwardScoreAt(x, i)
        if (s > score) break
        const f = this.forwardAt(x, i)
        if (s === score) {
          if (f === 0) break
          const e = this.eleOf(f)
          if (e === ele) return rank + this.spanAt(x, i)
          if (e > ele) break
        }
        rank += this.spanAt(x, i)
        x = f
      }
    }
    for (x = this.next(x); x !== 0; x = this.next(x)) {
      rank++
      const s = this.scoreOf(x)
      if (s > score) return 0
      if (s === score && this.eleOf(x) === ele) return rank
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
        const span = this.spanAt(x, i)
        const f = this.forwardAt(x, i)
        if (f === 0 || passed + span > rank) break
        passed += span
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
