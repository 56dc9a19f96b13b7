/**
 * Numbers as Redis reads and prints them. An int64 is a JavaScript number while it is safe (|n| <= 2^53 - 1) and a
 * bigint beyond; `parseInt64` and the arithmetic here keep that rule, so `typeof` tells which.
 */
import type { Bytes } from './bytes.ts'

export { addLongDouble, formatLongDouble, longDoubleFromNumber, parseLongDouble } from './long-double.ts'
export type { LongDouble } from './long-double.ts'

export type Int64 = number | bigint
export const INT64_MAX = 9223372036854775807n
export const INT64_MIN = -9223372036854775808n

/** Redis's string2ll: an optional '-', no leading zeros, no spaces, no '+', in the range of int64; else null. */
export function parseInt64(b: Bytes): Int64 | null {
  const n = b.length
  if (n === 0 || n > 20) return null
  let i = 0
  let negative = false
  let c = b.charCodeAt(0)
  if (n === 1) return c >= 48 && c <= 57 ? c - 48 : null
  if (c === 45) {
    negative = true
    c = b.charCodeAt(++i)
  }
  if (c < 49 || c > 57) return null
  let v = c - 48
  const start = i
  for (i++; i < n; i++) {
    c = b.charCodeAt(i)
    if (c < 48 || c > 57) return null
    v = v * 10 + c - 48
  }
  if (i - start <= 15 || v <= Number.MAX_SAFE_INTEGER) return negative ? -v : v
  const big = BigInt(b)
  if (big < INT64_MIN || big > INT64_MAX) return null
  return normalizeInt(big)
}

/** A bigint as number when that is safe. */
export function normalizeInt(v: bigint): Int64 {
  return v >= -9007199254740991n && v <= 9007199254740991n ? Number(v) : v
}

/** a + b, or null when it leaves int64. */
export function addInt64(a: Int64, b: Int64): Int64 | null {
  if (typeof a === 'number' && typeof b === 'number') {
    const s = a + b
    if (Number.isSafeInteger(s)) return s
  }
  const s = BigInt(a) + BigInt(b)
  return s > INT64_MAX || s < INT64_MIN ? null : normalizeInt(s)
}

/** Works for any mix of number and bigint. */
export function compareInt64(a: Int64, b: Int64): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function formatInt(n: Int64): Bytes {
  return '' + n
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const HEX = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?\d+))?$/
const INFINITY_WORD = /^([+-]?)(?:inf|infinity)$/i

/** strtod over the whole string as Redis uses it: no leading space, no NaN, no overflow or underflow to zero; else null. */
export function parseDouble(b: Bytes): number | null {
  // Scores are whole numbers as a rule.
  const n = b.length
  if (n > 0 && n <= 15) {
    let v = 0
    let i = 0
    for (; i < n; i++) {
      const d = b.charCodeAt(i) - 48
      if (d < 0 || d > 9) break
      v = v * 10 + d
    }
    if (i === n) return v
  }
  if (DECIMAL.test(b)) {
    const v = Number(b)
    if (!Number.isFinite(v)) return null
    if (v === 0 && /[1-9]/.test(mantissa(b))) return null
    return v
  }
  const w = INFINITY_WORD.exec(b)
  if (w) return w[1] === '-' ? -Infinity : Infinity
  const h = HEX.exec(b)
  if (h && (h[2] !== '' || h[3] !== '')) return parseHex(h)
  return null
}

function mantissa(b: Bytes): Bytes {
  const e = b.search(/[eE]/)
  return e < 0 ? b : b.slice(0, e)
}

function parseHex(h: RegExpExecArray): number | null {
  const digits = `${h[2]}${h[3]}`
  const m = BigInt(`0x${digits}`)
  const v = ratio(m, (h[4] ? Number(h[4]) : 0) - 4 * h[3]!.length)
  if (!Number.isFinite(v) || (v === 0 && m !== 0n)) return null
  return h[1] === '-' ? -v : v
}

/** m * 2^e rounded once to a double. */
function ratio(m: bigint, e: number): number {
  const bits = m.toString(2).length
  // Keep 64 bits with a sticky bit below, so that Number() rounds correctly.
  if (bits > 64) {
    const cut = BigInt(bits - 64)
    const top = m >> cut
    m = top << cut === m ? top : top | 1n
    e += bits - 64
  }
  // Subnormal results must be rounded at their own last place.
  const lowest = -1074
  if (e < lowest) {
    const cut = BigInt(Math.min(lowest - e, 4096))
    const half = 1n << (cut - 1n)
    const rest = m & ((1n << cut) - 1n)
    m >>= cut
    if (rest > half || (rest === half && (m & 1n) === 1n)) m += 1n
    e = lowest
  }
  let v = Number(m)
  while (e > 1000) {
    v *= 2 ** 1000
    e -= 1000
    if (v === Infinity) return v
  }
  while (e < -1000) {
    v *= 2 ** -1000
    e += 1000
  }
  return v * 2 ** e
}

/** printf("%.17g"), as 7.0 prints scores and RESP3 doubles; 'inf', '-inf', 'nan'. */
export function formatDouble(d: number): Bytes {
  if (Number.isInteger(d) && d < 1e17 && d > -1e17) return Object.is(d, -0) ? '-0' : fixedInteger(d)
  if (d === Infinity) return 'inf'
  if (d === -Infinity) return '-inf'
  if (Number.isNaN(d)) return 'nan'
  let s = d.toPrecision(17)
  // JavaScript rounds an exact tie up, C to even. A tie shows as an 18-digit expansion that is exact and ends in 5.
  const longer = d.toPrecision(18)
  const digits = longer.search(/e|$/)
  if (longer.charCodeAt(digits - 1) === 53 && Number.parseInt(longer.charAt(digits - 2), 10) % 2 === 0) {
    const exact = d.toPrecision(60)
    if (/^5?0*$/.test(exact.slice(digits - 1, exact.search(/e|$/)))) {
      s = longer.slice(0, digits - 1) + longer.slice(digits)
    }
  }
  return trimG(s)
}

function fixedInteger(d: number): Bytes {
  return Number.isSafeInteger(d) ? '' + d : BigInt(d).toString()
}

/** From toPrecision's text to %g's: other switch to the exponent, two exponent digits, no trailing zeros. */
function trimG(s: string): Bytes {
  const e = s.indexOf('e')
  let m = e < 0 ? s : s.slice(0, e)
  let x = e < 0 ? 0 : Number(s.slice(e + 1))
  if (e < 0 && /^-?0\.0000/.test(m)) {
    // toPrecision stays fixed down to 1e-6; %g leaves at 1e-4.
    const sign = m.startsWith('-') ? '-' : ''
    const digits = m.replace(/^-?0\.0*/, '')
    x = digits.length - (m.length - sign.length - 2) - 1
    m = `${sign}${digits[0]}.${digits.slice(1)}`
  } else if (e < 0) {
    return m.includes('.') ? m.replace(/\.?0+$/, '') : m
  }
  if (m.includes('.')) m = m.replace(/\.?0+$/, '')
  const a = Math.abs(x)
  return `${m}e${x < 0 ? '-' : '+'}${a < 10 ? '0' : ''}${a}`
}

/** Redis's double2ll: the integer a double stands for when conversion is exact and within +-2^62, else null. */
export function doubleToInt64(d: number): Int64 | null {
  if (!Number.isInteger(d) || d < -4611686018427387904 || d > 4611686018427387904) return null
  return Number.isSafeInteger(d) ? d + 0 : normalizeInt(BigInt(d))
}

/** d2string: as stored in RDB, AOF and inside listpacks. */
export function d2string(d: number): Bytes {
  const ll = doubleToInt64(d)
  if (ll !== null && !Object.is(d, -0)) return '' + ll
  return formatDouble(d)
}
