/**
 * INCRBYFLOAT and HINCRBYFLOAT compute in C's `long double`, which on x86 has a 64-bit mantissa. A double would print
 * other digits (3.0e3 + 200, 10.5 + 0.1 ...), so the arithmetic is done here on `mantissa * 2^exponent` with bigints and
 * rounded to 64 bits, ties to even, after each operation, as the processor does.
 *
 * *Kept exactly:* parsing, addition, `%.17Lf` and `%.17Lg`. *Simplified:* numbers below 2^-16445 are zero.
 */
import type { Bytes } from './bytes.ts'

export interface LongDouble {
  /** Signed; |m| < 2^64. */
  readonly m: bigint
  readonly e: number
  /** 0 finite, +1 or -1 infinite. */
  readonly inf: number
}

const DECIMAL = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/
const INFINITY_WORD = /^([+-]?)(?:inf|infinity)$/i
const HEX = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?\d+))?$/

function bitLength(v: bigint): number {
  return v === 0n ? 0 : v.toString(2).length
}

/** num / den * 2^e, den > 0, rounded to 64 bits. */
function round(num: bigint, den: bigint, e: number): LongDouble {
  if (num === 0n) return { m: 0n, e: 0, inf: 0 }
  const negative = num < 0n
  let n = negative ? -num : num
  // Scale so that the quotient has at least 66 bits, then drop with a sticky bit.
  const shift = 67 - (bitLength(n) - bitLength(den))
  if (shift > 0) {
    n <<= BigInt(shift)
    e -= shift
  }
  let q = n / den
  let sticky = q * den !== n
  const extra = bitLength(q) - 64
  if (extra > 0) {
    const cut = BigInt(extra)
    const rest = q & ((1n << cut) - 1n)
    const half = 1n << (cut - 1n)
    q >>= cut
    e += extra
    if (rest > half || (rest === half && (sticky || (q & 1n) === 1n))) q += 1n
    sticky = false
  }
  if (bitLength(q) + e > 16384) return { m: 0n, e: 0, inf: negative ? -1 : 1 }
  return { m: negative ? -q : q, e, inf: 0 }
}

/** strtold over the whole string as Redis's string2ld: null when malformed, NaN, out of range or underflowing to zero. */
export function parseLongDouble(b: Bytes): LongDouble | null {
  if (b.length === 0 || b.length >= 5 * 1024) return null
  const w = INFINITY_WORD.exec(b)
  if (w) return { m: 0n, e: 0, inf: w[1] === '-' ? -1 : 1 }
  const d = DECIMAL.exec(b)
  if (d && (d[2] !== '' || d[3] !== '')) {
    const digits = BigInt(`${d[2]}${d[3]}`)
    const exp = (d[4] ? Number(d[4]) : 0) - d[3]!.length
    if (digits !== 0n && (exp > 6000 || exp < -11000)) return null
    const signed = d[1] === '-' ? -digits : digits
    const r =
      exp >= 0
        ? round(digits === 0n ? 0n : signed * 10n ** BigInt(exp), 1n, 0)
        : round(signed, 10n ** BigInt(Math.min(-exp, 11000)), 0)
    return finiteOrNull(r, digits !== 0n)
  }
  const h = HEX.exec(b)
  if (h && (h[2] !== '' || h[3] !== '')) {
    const m = BigInt(`0x${h[2]}${h[3]}`)
    return finiteOrNull(round(h[1] === '-' ? -m : m, 1n, (h[4] ? Number(h[4]) : 0) - 4 * h[3]!.length), m !== 0n)
  }
  return null
}

function finiteOrNull(r: LongDouble, nonZero: boolean): LongDouble | null {
  if (r.inf !== 0) return null
  if (nonZero && bitLength(r.m < 0n ? -r.m : r.m) + r.e < -16445) return null
  return r
}

/** NaN (inf - inf) is null. */
export function addLongDouble(a: LongDouble, b: LongDouble): LongDouble | null {
  if (a.inf !== 0 || b.inf !== 0) {
    if (a.inf !== 0 && b.inf !== 0 && a.inf !== b.inf) return null
    return a.inf !== 0 ? a : b
  }
  if (a.m === 0n) return b
  if (b.m === 0n) return a
  const e = Math.min(a.e, b.e)
  return round((a.m << BigInt(a.e - e)) + (b.m << BigInt(b.e - e)), 1n, e)
}

export function longDoubleFromNumber(d: number): LongDouble {
  if (d === Infinity || d === -Infinity) return { m: 0n, e: 0, inf: d > 0 ? 1 : -1 }
  let e = 0
  while (!Number.isInteger(d)) {
    d *= 2
    e--
  }
  return round(BigInt(d), 1n, e)
}

/** Redis's LD_STR_HUMAN: `%.17Lf` with trailing zeros removed; "-0" becomes "0". */
export function formatLongDouble(v: LongDouble): Bytes {
  if (v.inf !== 0) return v.inf > 0 ? 'inf' : '-inf'
  const negative = v.m < 0n
  const m = negative ? -v.m : v.m
  const scaled = m * 10n ** 17n
  let n: bigint
  if (v.e >= 0) n = scaled << BigInt(v.e)
  else {
    const cut = BigInt(-v.e)
    const half = 1n << (cut - 1n)
    const rest = scaled & ((1n << cut) - 1n)
    n = scaled >> cut
    if (rest > half || (rest === half && (n & 1n) === 1n)) n += 1n
  }
  const digits = n.toString().padStart(18, '0')
  const text = `${negative ? '-' : ''}${digits.slice(0, -17)}.${digits.slice(-17)}`.replace(/\.?0+$/, '')
  return text === '-0' ? '0' : text
}
