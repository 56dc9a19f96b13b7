/** MurmurHash64A, the hash of HyperLogLog: 64-bit arithmetic on two 32-bit halves, since a bigint would be forty times slower. */
import type { Bytes } from './bytes.ts'

const M_HI = 0xc6a4a793
const M_LO = 0x5bd1e995
const M_L0 = M_LO & 0xffff
const M_L1 = M_LO >>> 16

/** The high word of lo * M_LO. */
function mulHigh(lo: number): number {
  const a0 = lo & 0xffff
  const a1 = lo >>> 16
  const t = a1 * M_L0 + ((a0 * M_L0) >>> 16)
  const w = (t & 0xffff) + a0 * M_L1
  return a1 * M_L1 + (t >>> 16) + (w >>> 16)
}
const mulHi = (hi: number, lo: number): number => (mulHigh(lo) + Math.imul(lo, M_HI) + Math.imul(hi, M_LO)) | 0

export function murmur64a(b: Bytes, seed: number): { hi: number; lo: number } {
  const n = b.length
  // seed ^ (length * M)
  let hi = (mulHigh(n >>> 0) + Math.imul(n, M_HI)) | 0
  let lo = seed ^ Math.imul(n, M_LO)
  let i = 0
  for (; i + 8 <= n; i += 8) {
    const l = b.charCodeAt(i) | (b.charCodeAt(i + 1) << 8) | (b.charCodeAt(i + 2) << 16) | (b.charCodeAt(i + 3) << 24)
    const h =
      b.charCodeAt(i + 4) | (b.charCodeAt(i + 5) << 8) | (b.charCodeAt(i + 6) << 16) | (b.charCodeAt(i + 7) << 24)
    let kh = mulHi(h, l)
    let kl = Math.imul(l, M_LO)
    // k ^= k >> 47
    kl ^= kh >>> 15
    const nh = mulHi(kh, kl)
    kl = Math.imul(kl, M_LO)
    kh = nh
    hi ^= kh
    lo ^= kl
    hi = mulHi(hi, lo)
    lo = Math.imul(lo, M_LO)
  }
  if (i < n) {
    for (let j = n - 1; j >= i; j--) {
      const at = j - i
      if (at >= 4) hi ^= b.charCodeAt(j) << ((at - 4) * 8)
      else lo ^= b.charCodeAt(j) << (at * 8)
    }
    hi = mulHi(hi, lo)
    lo = Math.imul(lo, M_LO)
  }
  lo ^= hi >>> 15
  hi = mulHi(hi, lo)
  lo = Math.imul(lo, M_LO)
  lo ^= hi >>> 15
  return { hi: hi | 0, lo: lo | 0 }
}
