/**
 * Sorted set objects. Few and short elements: a listpack of element, score, element, score in order; every search is a walk
 * from its head. Else a dict and a skiplist over the same elements (structures/zset.ts). There is no way back.
 *
 * Kept exactly: zset-max-listpack-entries and -value, looked at before an insertion; integral scores are stored as integers.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { d2string, doubleToInt64, parseDouble } from '../bytes/numbers.ts'
import type { Prng } from '../bytes/prng.ts'
import { strtod } from '../bytes/strtod.ts'
import { Listpack } from '../structures/listpack.ts'
import type { LexRange, ScoreRange } from '../structures/ranges.ts'
import { lexGteMin, lexLteMax, lexRangeEmpty, scoreGteMin, scoreLteMax, scoreRangeEmpty } from '../structures/ranges.ts'
import type { Skiplist } from '../structures/skiplist.ts'
import { Zset } from '../structures/zset.ts'
import { Obj } from './object.ts'

/** Config has these fields. */
export interface ZsetLimits {
  readonly zsetMaxListpackEntries: number
  readonly zsetMaxListpackValue: number
}
const LISTPACK_MAX_SAFETY_BYTES = 1 << 30

export const zsetListpackOf = (o: Obj): Listpack => o.value as Listpack
export const zsetOf = (o: Obj): Zset => o.value as Zset

export function createZsetListpack(): Obj {
  return new Obj('zset', 'listpack', new Listpack())
}
export function createZsetSkiplist(seed: number): Obj {
  return new Obj('zset', 'skiplist', new Zset(seed))
}
/** An empty sorted set whose longest element will have `length` bytes. */
export function createZsetFor(length: number, limits: ZsetLimits, seed: number): Obj {
  return limits.zsetMaxListpackEntries === 0 || limits.zsetMaxListpackValue < length
    ? createZsetSkiplist(seed)
    : createZsetListpack()
}

export function zsetLength(o: Obj): number {
  return o.encoding === 'listpack' ? zsetListpackOf(o).length / 2 : zsetOf(o).length
}

/** zzlGetScore: the score at this position of the listpack. */
export function listpackScore(lp: Listpack, p: number): number {
  const v = lp.get(p)
  if (typeof v !== 'string') return Number(v)
  return parseDouble(v) ?? strtod(v) ?? 0
}
function findElement(lp: Listpack, ele: Bytes): number {
  return lp.find(ele, lp.first(), 1)
}
function appendPair(lp: Listpack, at: number, ele: Bytes, score: number): void {
  const stored = doubleToInt64(score) ?? d2string(score)
  if (at < 0) {
    lp.append(ele)
    lp.append(stored)
  } else lp.insert(lp.insert(at, ele), stored, 'after')
}
function insertPair(lp: Listpack, ele: Bytes, score: number): void {
  let p = lp.first()
  while (p >= 0) {
    const sp = lp.next(p)
    const s = listpackScore(lp, sp)
    if (s > score || (s === score && lp.getBytes(p) > ele)) break
    p = lp.next(sp)
  }
  appendPair(lp, p, ele, score)
}

export function convertZsetToSkiplist(o: Obj, seed: number): void {
  if (o.encoding === 'skiplist') return
  const z = new Zset(seed)
  z.dict.expand(zsetLength(o))
  zsetForEach(o, (ele, score) => z.insert(score, ele))
  o.encoding = 'skiplist'
  o.value = z
}
/** zsetConvertToListpackIfNeeded: for sets that were built as skiplist (ZUNIONSTORE, RDB). */
export function zsetToListpackIfSmall(o: Obj, maxElementLength: number, totalLength: number, limits: ZsetLimits): void {
  if (o.encoding === 'listpack' || zsetLength(o) > limits.zsetMaxListpackEntries) return
  if (maxElementLength > limits.zsetMaxListpackValue || totalLength > LISTPACK_MAX_SAFETY_BYTES) return
  const lp = new Listpack()
  zsetForEach(o, (ele, score) => appendPair(lp, -1, ele, score))
  o.encoding = 'listpack'
  o.value = lp
}

export function zsetScore(o: Obj, ele: Bytes): number | undefined {
  if (o.encoding === 'skiplist') return zsetOf(o).dict.get(ele)
  const lp = zsetListpackOf(o)
  const p = findElement(lp, ele)
  return p < 0 ? undefined : listpackScore(lp, lp.next(p))
}

/** Give the element this score, adding it when it is new. True when new. */
export function zsetPut(o: Obj, ele: Bytes, score: number, limits: ZsetLimits, seed: number): boolean {
  const old = zsetScore(o, ele)
  if (old !== undefined) {
    if (old !== score) zsetUpdate(o, ele, old, score)
    return false
  }
  zsetInsertNew(o, ele, score, limits, seed)
  return true
}
export function zsetUpdate(o: Obj, ele: Bytes, old: number, score: number): void {
  if (o.encoding === 'listpack') {
    const lp = zsetListpackOf(o)
    lp.delete(findElement(lp, ele), 2)
    insertPair(lp, ele, score)
    return
  }
  const z = zsetOf(o)
  z.zsl.updateScore(old, ele, score)
  z.dict.set(ele, score)
}
/** The element is known to be new. */
export function zsetInsertNew(o: Obj, ele: Bytes, score: number, limits: ZsetLimits, seed: number): void {
  if (o.encoding === 'listpack') {
    const lp = zsetListpackOf(o)
    const fits = lp.length / 2 + 1 <= limits.zsetMaxListpackEntries && ele.length <= limits.zsetMaxListpackValue
    if (fits && lp.totalBytes + ele.length <= LISTPACK_MAX_SAFETY_BYTES) {
      insertPair(lp, ele, score)
      return
    }
    convertZsetToSkiplist(o, seed)
  }
  zsetOf(o).insert(score, ele)
}
/** True when it was there. */
export function zsetDelete(o: Obj, ele: Bytes): boolean {
  if (o.encoding === 'skiplist') return zsetOf(o).delete(ele)
  const lp = zsetListpackOf(o)
  const p = findElement(lp, ele)
  if (p < 0) return false
  lp.delete(p, 2)
  return true
}
/** 0-based; -1 when it is not there. */
export function zsetRank(o: Obj, ele: Bytes, reverse: boolean): number {
  let rank: number
  if (o.encoding === 'skiplist') {
    const z = zsetOf(o)
    const score = z.dict.get(ele)
    if (score === undefined) return -1
    rank = z.zsl.rank(score, ele) - 1
  } else {
    const lp = zsetListpackOf(o)
    rank = 0
    let p = lp.first()
    while (p >= 0 && lp.getBytes(p) !== ele) {
      p = lp.next(lp.next(p))
      rank++
    }
    if (p < 0) return -1
  }
  return reverse ? zsetLength(o) - 1 - rank : rank
}

/** The node at a 0-based rank (from the end when reverse), 0 beyond. */
function firstNode(zsl: Skiplist, start: number, reverse: boolean): number {
  if (start >= zsl.length) return 0
  if (start === 0) return reverse ? zsl.last() : zsl.first()
  return zsl.byRank(reverse ? zsl.length - start : start + 1)
}

export type ZsetVisit = (ele: Bytes, score: number) => boolean | void

/** From the 0-based rank `start` (counted from the end when reverse), up to n elements; false stops. */
export function zsetWalkRank(o: Obj, start: number, n: number, reverse: boolean, fn: ZsetVisit): void {
  if (o.encoding === 'listpack') {
    const lp = zsetListpackOf(o)
    if (2 * start >= lp.length) return
    let p = lp.seek(reverse ? lp.length - 2 - 2 * start : 2 * start)
    for (; p >= 0 && n > 0; n--) {
      const sp = lp.next(p)
      if (fn(lp.getBytes(p), listpackScore(lp, sp)) === false) return
      if (reverse) {
        p = lp.prev(p)
        if (p >= 0) p = lp.prev(p)
      } else p = lp.next(sp)
    }
    return
  }
  const { zsl } = zsetOf(o)
  let x = firstNode(zsl, start, reverse)
  for (; x !== 0 && n > 0; n--) {
    const following = reverse ? zsl.prev(x) : zsl.next(x)
    if (fn(zsl.eleOf(x), zsl.scoreOf(x)) === false) return
    x = following
  }
}
/** The elements alone. */
export function zsetCollect(o: Obj, start: number, n: number, reverse: boolean, out: Bytes[]): void {
  if (o.encoding === 'listpack') {
    zsetWalkRank(o, start, n, reverse, (ele) => {
      out.push(ele)
    })
    return
  }
  const { zsl } = zsetOf(o)
  const x = firstNode(zsl, start, reverse)
  if (reverse) zsl.collectBackward(x, n, out)
  else zsl.collect(x, n, out)
}
export function zsetForEach(o: Obj, fn: ZsetVisit): void {
  zsetWalkRank(o, 0, Infinity, false, fn)
}

/** The 0-based ranks [start, end) of what lies in the range. */
export function zsetScoreSpan(o: Obj, r: ScoreRange): [number, number] {
  if (scoreRangeEmpty(r)) return [0, 0]
  if (o.encoding === 'listpack')
    return spanOf(
      o,
      (_, s) => scoreGteMin(s, r),
      (_, s) => scoreLteMax(s, r),
    )
  const { zsl } = zsetOf(o)
  return spanOfNodes(o, zsl.firstInScore(r), zsl.lastInScore(r))
}
/** The 0-based rank (from the end when reverse) of the first element in the lexical range, or -1. */
export function zsetLexStart(o: Obj, r: LexRange, reverse: boolean): number {
  if (o.encoding === 'skiplist') {
    const { zsl } = zsetOf(o)
    const x = reverse ? zsl.lastInLex(r) : zsl.firstInLex(r)
    if (x === 0) return -1
    const rank = zsl.rank(zsl.scoreOf(x), zsl.eleOf(x)) - 1
    return reverse ? zsl.length - 1 - rank : rank
  }
  const lp = zsetListpackOf(o)
  if (lp.length === 0 || lexRangeEmpty(r)) return -1
  // The ends are looked at first: elements of different scores are in no lexical order, and this shows.
  if (!lexGteMin(lp.getBytes(lp.seek(-2)), r) || !lexLteMax(lp.getBytes(lp.first()), r)) return -1
  let found = -1
  let i = 0
  zsetWalkRank(o, 0, Infinity, reverse, (ele) => {
    if (reverse ? lexLteMax(ele, r) : lexGteMin(ele, r)) {
      if (reverse ? lexGteMin(ele, r) : lexLteMax(ele, r)) found = i
      return false
    }
    i++
    return true
  })
  return found
}
/** ZLEXCOUNT. */
export function zsetLexCount(o: Obj, r: LexRange): number {
  const start = zsetLexStart(o, r, false)
  if (start < 0) return 0
  if (o.encoding === 'skiplist') {
    const last = zsetLexStart(o, r, true)
    return zsetLength(o) - start - (last < 0 ? 0 : last)
  }
  return lexRun(o, r, start)
}
function lexRun(o: Obj, r: LexRange, start: number): number {
  let n = 0
  zsetWalkRank(o, start, Infinity, false, (ele) => {
    if (!lexLteMax(ele, r)) return false
    n++
    return true
  })
  return n
}
export function zsetDeleteLex(o: Obj, r: LexRange): number {
  if (o.encoding === 'listpack') {
    const start = zsetLexStart(o, r, false)
    return start < 0 ? 0 : zsetDeleteRanks(o, start, start + lexRun(o, r, start))
  }
  const z = zsetOf(o)
  const n = z.zsl.deleteRangeByLex(r, (ele) => z.dict.delete(ele))
  if (z.dict.needsResize) z.dict.resizeToFit()
  return n
}
function spanOfNodes(o: Obj, first: number, last: number): [number, number] {
  if (first === 0 || last === 0) return [0, 0]
  const { zsl } = zsetOf(o)
  return [zsl.rank(zsl.scoreOf(first), zsl.eleOf(first)) - 1, zsl.rank(zsl.scoreOf(last), zsl.eleOf(last))]
}
/** As Redis walks a listpack: from the first element inside on while it stays inside. */
function spanOf(
  o: Obj,
  from: (e: Bytes, s: number) => boolean,
  to: (e: Bytes, s: number) => boolean,
): [number, number] {
  let start = -1
  let i = 0
  let end = 0
  zsetForEach(o, (e, s) => {
    if (start < 0 && from(e, s)) start = i
    if (start >= 0) {
      if (!to(e, s)) return false
      end = i + 1
    }
    i++
    return true
  })
  return start < 0 || end <= start ? [0, 0] : [start, end]
}

/** Removes the elements with 0-based ranks [start, end); how many. */
export function zsetDeleteRanks(o: Obj, start: number, end: number): number {
  if (end <= start) return 0
  if (o.encoding === 'listpack') {
    zsetListpackOf(o).deleteRange(2 * start, 2 * (end - start))
    return end - start
  }
  const z = zsetOf(o)
  const n = z.zsl.deleteRangeByRank(start + 1, end, (ele) => z.dict.delete(ele))
  if (z.dict.needsResize) z.dict.resizeToFit()
  return n
}

/** One element at random; the set is not empty. */
export function zsetRandom(o: Obj, rng: Prng): [Bytes, number] {
  if (o.encoding === 'skiplist') return zsetOf(o).dict.fairRandom(rng)!
  const lp = zsetListpackOf(o)
  const p = lp.seek(rng.below(lp.length / 2) * 2)
  return [lp.getBytes(p), listpackScore(lp, lp.next(p))]
}
