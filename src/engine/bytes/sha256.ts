/** SHA-256: what ACL keeps instead of passwords. `sha256` gives the 32 raw bytes, `sha256Hex` the text. */
import type { Bytes } from './bytes.ts'
import { padMessage, toHex, wordsToBytes } from './sha1.ts'

/** Fractional bits of the roots of the first primes; integer arithmetic only, so every host agrees. */
const K = new Int32Array(64)
const H0 = new Int32Array(8)
function integerRoot(value: bigint, power: bigint): bigint {
  let low = 0n
  let high = 1n << 40n
  while (high - low > 1n) {
    const mid = (low + high) >> 1n
    if (mid ** power <= value) low = mid
    else high = mid
  }
  return low
}
let count = 0
for (let p = 2; count < 64; p++) {
  let prime = true
  for (let q = 2; q * q <= p; q++) if (p % q === 0) prime = false
  if (!prime) continue
  if (count < 8) H0[count] = Number(BigInt.asIntN(32, integerRoot(BigInt(p) << 64n, 2n)))
  K[count++] = Number(BigInt.asIntN(32, integerRoot(BigInt(p) << 96n, 3n)))
}

const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n))

export function sha256(data: Bytes): Bytes {
  const m = padMessage(data)
  const w = new Int32Array(64)
  const h = Int32Array.from(H0)
  for (let at = 0; at < m.byteLength; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = m.getInt32(at + i * 4)
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!
      const y = w[i - 2]!
      const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
      const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)
      w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0
    }
    let [a, b, c, d, e, f, g, k] = h as unknown as [number, number, number, number, number, number, number, number]
    for (let i = 0; i < 64; i++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      const t1 = (k + s1 + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) | 0
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      k = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    const add = [a, b, c, d, e, f, g, k]
    for (let i = 0; i < 8; i++) h[i] = (h[i]! + add[i]!) | 0
  }
  return wordsToBytes([...h])
}

export function sha256Hex(data: Bytes): string {
  return toHex(sha256(data))
}
