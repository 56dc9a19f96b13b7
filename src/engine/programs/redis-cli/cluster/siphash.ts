/**
 * redis-cli keeps slots in a dict of its own and goes through it in the order of its buckets: the order in which it fixes
 * slots and names them. Its hash is SipHash-1-2 with a key of zeros, so the order is the same in every run.
 */
import type { Bytes } from '../../../bytes/bytes.ts'
import { Dict } from '../../../structures/dict.ts'

const MASK = 0xffffffffffffffffn
const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & MASK

/** 64 bits. */
export function siphash(bytes: Bytes): bigint {
  let v0 = 0x736f6d6570736575n
  let v1 = 0x646f72616e646f6dn
  let v2 = 0x6c7967656e657261n
  let v3 = 0x7465646279746573n
  const round = (): void => {
    v0 = (v0 + v1) & MASK
    v1 = rotate(v1, 13n) ^ v0
    v0 = rotate(v0, 32n)
    v2 = (v2 + v3) & MASK
    v3 = rotate(v3, 16n) ^ v2
    v0 = (v0 + v3) & MASK
    v3 = rotate(v3, 21n) ^ v0
    v2 = (v2 + v1) & MASK
    v1 = rotate(v1, 17n) ^ v2
    v2 = rotate(v2, 32n)
  }
  const word = (from: number, to: number): bigint => {
    let m = 0n
    for (let i = from; i < to; i++) m |= BigInt(bytes.charCodeAt(i)) << BigInt(8 * (i - from))
    return m
  }
  const mix = (m: bigint): void => {
    v3 ^= m
    round()
    v0 ^= m
  }
  const whole = bytes.length - (bytes.length % 8)
  for (let i = 0; i < whole; i += 8) mix(word(i, i + 8))
  mix(word(whole, bytes.length) | (BigInt(bytes.length & 255) << 56n))
  v2 ^= 0xffn
  round()
  round()
  return v0 ^ v1 ^ v2 ^ v3
}

/** A dict whose order is redis-cli's. */
export class CliDict<V> extends Dict<V> {
  override hashOf(key: Bytes): number {
    return Number(BigInt.asIntN(32, siphash(key)))
  }
}
