/** Ranges of a sorted set, by score or by an element's bytes, and what lies inside them. */
import type { Bytes } from '../bytes/bytes.ts'

export interface ScoreRange {
  readonly min: number
  readonly max: number
  readonly minex: boolean
  readonly maxex: boolean
}
/** The two ends stand for '-' as min and '+' as max. */
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
