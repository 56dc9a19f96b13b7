/**
 * sin, cos and asin that give the same bits everywhere. Math.sin may differ between engines, and a history must not; so each
 * function is computed in double-double (an unevaluated sum of two doubles, 106 bits) and rounded once: the result is the double
 * nearest to the true value, but for one argument in some billions. C libraries come within one unit in the last place of it.
 *
 * Math.sqrt is exact by the standard and needs no substitute; of the logarithm the engine needs whole powers of two only.
 */
interface Pair {
  readonly hi: number
  readonly lo: number
}
const pair = (hi: number, lo: number): Pair => {
  const s = hi + lo
  return { hi: s, lo: lo - (s - hi) }
}
/** a + b without loss. */
function twoSum(a: number, b: number): Pair {
  const s = a + b
  const v = s - a
  return { hi: s, lo: a - (s - v) + (b - v) }
}
const SPLIT = 134217729
/** a * b without loss (Dekker). */
function twoProduct(a: number, b: number): Pair {
  const p = a * b
  const ca = SPLIT * a
  const ah = ca - (ca - a)
  const al = a - ah
  const cb = SPLIT * b
  const bh = cb - (cb - b)
  const bl = b - bh
  return { hi: p, lo: ah * bh - p + ah * bl + al * bh + al * bl }
}
function plus(a: Pair, b: Pair): Pair {
  const s = twoSum(a.hi, b.hi)
  const t = twoSum(a.lo, b.lo)
  const u = pair(s.hi, s.lo + t.hi)
  return pair(u.hi, u.lo + t.lo)
}
const minus = (a: Pair): Pair => ({ hi: -a.hi, lo: -a.lo })
function times(a: Pair, b: Pair): Pair {
  const p = twoProduct(a.hi, b.hi)
  return pair(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi))
}
const ONE: Pair = { hi: 1, lo: 0 }

/** 1/n as a pair. */
function reciprocal(n: number): Pair {
  const hi = 1 / n
  const p = twoProduct(hi, n)
  return { hi, lo: (1 - p.hi - p.lo) / n }
}
const TERMS = 14
const SIN_STEPS = Array.from({ length: TERMS }, (_, k) => reciprocal((2 * k + 2) * (2 * k + 3)))
const COS_STEPS = Array.from({ length: TERMS }, (_, k) => reciprocal((2 * k + 1) * (2 * k + 2)))
/** 1 - r2*s0*(1 - r2*s1*(1 - ...)), the series of sin(r)/r or cos(r), for |r| <= pi/4. */
function series(r2: Pair, steps: readonly Pair[]): Pair {
  let t = ONE
  for (let k = TERMS - 1; k >= 0; k--) t = plus(ONE, minus(times(times(r2, steps[k]!), t)))
  return t
}
const sinOf = (r: Pair): Pair => times(r, series(times(r, r), SIN_STEPS))
const cosOf = (r: Pair): Pair => series(times(r, r), COS_STEPS)

/** 1/n! with alternating signs, from n on in steps of two, for Horner. */
function factorials(n: number, count: number): number[] {
  const out: number[] = []
  for (let k = 0, sign = 1; k < count; k++, n += 2, sign = -sign) {
    let f = 1
    for (let i = 2; i <= n; i++) f *= i
    out.push(sign / f)
  }
  return out
}
const [S5, S7, S9, S11, S13, S15, S17] = factorials(5, 7) as [number, number, number, number, number, number, number]
const [C4, C6, C8, C10, C12, C14, C16] = factorials(4, 7) as [number, number, number, number, number, number, number]
/** How far the part of a result that was computed in plain doubles may be off. */
const SLACK = 2 ** -50

/**
 * The double nearest to s + low when it is beyond doubt, else NaN: of the sum only `low` is inexact, by `slack` at most.
 * Nine times in ten that settles it, and the pairs are not needed.
 */
function settled(s: number, low: number, slack: number): number {
  const a = s + (low - slack)
  return a === s + (low + slack) ? a : Number.NaN
}
/** r = x + xl, |r| <= pi/4: x - x^3/6 in pairs, the rest in doubles. */
function quickSin(x: number, xl: number): number {
  const p = x * x
  const c = SPLIT * x
  const xh = c - (c - x)
  const xt = x - xh
  const e = xh * xh - p + 2 * xh * xt + xt * xt
  const q = x * p
  const cp = SPLIT * p
  const ph = cp - (cp - p)
  const pt = p - ph
  const qe = xh * ph - q + xh * pt + xt * ph + xt * pt + x * e
  const h = q / 6
  const six = h * 6
  const ch = SPLIT * h
  const hh = ch - (ch - h)
  const ht = h - hh
  const hl = (q - six - (hh * 6 - six + ht * 6) + qe) / 6
  const rest = q * p * (S5 + p * (S7 + p * (S9 + p * (S11 + p * (S13 + p * (S15 + p * S17))))))
  const s = x - h
  const low = x - s - h - hl + rest + xl * (1 - p / 2)
  return settled(s, low, (Math.abs(rest) + Math.abs(low)) * SLACK)
}
function quickCos(x: number, xl: number): number {
  const p = x * x
  const c = SPLIT * x
  const xh = c - (c - x)
  const xt = x - xh
  const e = xh * xh - p + 2 * xh * xt + xt * xt
  const h = p / 2
  const rest = p * p * (C4 + p * (C6 + p * (C8 + p * (C10 + p * (C12 + p * (C14 + p * C16))))))
  const s = 1 - h
  const low = 1 - s - h - e / 2 + rest - x * xl
  return settled(s, low, (Math.abs(rest) + Math.abs(low)) * SLACK)
}

/** pi/2 in three doubles. */
const HALF_PI_1 = 1.5707963267948966
const HALF_PI_2 = 6.123233995736766e-17
const HALF_PI_3 = -1.4973849048591833e-33

/** pi/2 * 2^bits, by Machin's formula. Only for arguments far out. */
function halfPiScaled(bits: number): bigint {
  const one = 1n << BigInt(bits + 16)
  const arctan = (x: bigint): bigint => {
    let power = one / x
    let sum = power
    for (let n = 3n, sign = -1n; power !== 0n; n += 2n, sign = -sign) {
      power /= x * x
      sum += (sign * power) / n
    }
    return sum
  }
  return (8n * arctan(5n) - 2n * arctan(239n)) >> 16n
}
function toPair(v: bigint, bits: number): Pair {
  const scale = 2 ** -64
  const hi = Number(v)
  const lo = Number(v - BigInt(hi))
  let [a, b] = [hi, lo]
  for (let left = bits; left > 0; left -= 64) {
    a *= left >= 64 ? scale : 2 ** -left
    b *= left >= 64 ? scale : 2 ** -left
  }
  return pair(a, b)
}
/** x = quadrant * pi/2 + rest, |rest| <= pi/4. */
function reduce(x: number): { quadrant: number; rest: Pair } {
  if (Math.abs(x) <= 0.7853981633974483) return { quadrant: 0, rest: { hi: x, lo: 0 } }
  if (Math.abs(x) < 1048576) {
    const k = Math.round(x / HALF_PI_1)
    const a = twoProduct(k, HALF_PI_1)
    const b = twoProduct(k, HALF_PI_2)
    const rest = plus(plus(plus({ hi: x, lo: 0 }, minus(a)), minus(b)), { hi: -k * HALF_PI_3, lo: 0 })
    return { quadrant: k & 3, rest }
  }
  const bits = 1300
  const unit = halfPiScaled(bits)
  const scaled = BigInt(x) << BigInt(bits)
  let k = scaled / unit
  let rest = scaled - k * unit
  for (; rest * 2n > unit; k++) rest -= unit
  for (; rest * 2n < -unit; k--) rest += unit
  return { quadrant: Number(((k % 4n) + 4n) % 4n), rest: toPair(rest >> 788n, 512) }
}
function sinQuadrant(quadrant: number, rest: Pair): number {
  const quick = (quadrant & 1) === 0 ? quickSin(rest.hi, rest.lo) : quickCos(rest.hi, rest.lo)
  if (!Number.isNaN(quick)) return (quadrant & 2) === 0 ? quick : -quick
  const r = (quadrant & 1) === 0 ? sinOf(rest) : cosOf(rest)
  return (quadrant & 2) === 0 ? r.hi + r.lo : -(r.hi + r.lo)
}

export function sin(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN
  if (Math.abs(x) < 1e-8) return x === 0 ? x : x - (x * x * x) / 6
  const { quadrant, rest } = reduce(x)
  return sinQuadrant(quadrant, rest)
}
export function cos(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN
  const { quadrant, rest } = reduce(x)
  return sinQuadrant((quadrant + 1) & 3, rest)
}

/** asin(x) - x, |x| <= 1/2: the rational function of fdlibm. */
function asinMinus(x: number): number {
  const t = x * x
  const p =
    t *
    (1.66666666666666657415e-1 +
      t *
        (-3.25565818622400915405e-1 +
          t *
            (2.01212532134862925881e-1 +
              t * (-4.00555345006794114027e-2 + t * (7.91534994289814532176e-4 + t * 3.4793310759602116757e-5)))))
  const q =
    1 +
    t *
      (-2.40339491173441421878 +
        t * (2.02094576023350569471 + t * (-6.8828397160545329303e-1 + t * 7.70381505559019352791e-2)))
  return x * (p / q)
}
/** One step of Newton's from there is right to some 100 bits. */
function asinPair(x: Pair): Pair {
  const y: Pair = { hi: x.hi + asinMinus(x.hi), lo: 0 }
  const rest = plus(x, minus(sinOf(y)))
  return plus(y, { hi: rest.hi / cosOf(y).hi, lo: 0 })
}
export function asin(x: number): number {
  const a = Math.abs(x)
  if (!(a <= 1)) return Number.NaN
  if (a < 1e-8) return x === 0 ? x : x + (x * x * x) / 6
  if (a <= 0.5) {
    const rest = asinMinus(x)
    const s = x + rest
    const quick = settled(s, x - s + rest, Math.abs(rest) * SLACK * 2)
    if (!Number.isNaN(quick)) return quick
    const y = asinPair({ hi: x, lo: 0 })
    return y.hi + y.lo
  }
  // asin(a) = pi/2 - 2 asin(sqrt((1 - a) / 2)), where 1 - a is exact.
  const z = (1 - a) / 2
  const root = Math.sqrt(z)
  let y: Pair = { hi: 0, lo: 0 }
  if (z > 0) {
    const p = twoProduct(root, root)
    y = asinPair(pair(root, (z - p.hi - p.lo) / (2 * root)))
  }
  const r = plus({ hi: HALF_PI_1, lo: HALF_PI_2 }, { hi: -2 * y.hi, lo: -2 * y.lo })
  return x < 0 ? -(r.hi + r.lo) : r.hi + r.lo
}

/** The largest k with 2^k <= n, for n >= 1. */
export function log2Floor(n: number): number {
  let k = 0
  for (; n >= 4294967296; k += 32) n /= 4294967296
  return k + 31 - Math.clz32(Math.floor(n))
}
