/** How the ends of a range are written: `5`, `(5`, `-inf`; `[a`, `(a`, `-`, `+`. */
import type { Bytes } from '../../bytes/bytes.ts'
import { parseDouble } from '../../bytes/numbers.ts'
import type { LexBound, LexRange, ScoreRange } from '../../structures/ranges.ts'
import { LEX_MAX, LEX_MIN } from '../../structures/ranges.ts'
import { cText, fail } from '../args.ts'

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** Plain strtod here: a C string, leading space is skipped, nothing at all is 0, overflow is infinite. */
function parseScore(b: Bytes): number {
  const c = cText(b)
  if (c === '') return 0
  const text = c.replace(/^[ \t\n\v\f\r]+/, '')
  if (DECIMAL.test(text)) return Number(text)
  return parseDouble(text) ?? fail('ERR min or max is not a float')
}
export function parseScoreRange(min: Bytes, max: Bytes): ScoreRange {
  const minex = min.startsWith('(')
  const maxex = max.startsWith('(')
  return { min: parseScore(minex ? min.slice(1) : min), max: parseScore(maxex ? max.slice(1) : max), minex, maxex }
}

function parseLexBound(b: Bytes): [LexBound, boolean] {
  if (b === '-') return [LEX_MIN, false]
  if (b === '+') return [LEX_MAX, false]
  if (b.startsWith('(')) return [b.slice(1), true]
  if (b.startsWith('[')) return [b.slice(1), false]
  return fail('ERR min or max not valid string range item')
}
export function parseLexRange(min: Bytes, max: Bytes): LexRange {
  const [lo, minex] = parseLexBound(min)
  const [hi, maxex] = parseLexBound(max)
  return { min: lo, max: hi, minex, maxex }
}
