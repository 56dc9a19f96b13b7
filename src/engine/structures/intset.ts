/**
 * A set of integers as one sorted array: four bytes of encoding, four of length, then the members, little-endian, all in
 * the smallest of 2, 4 or 8 bytes that holds every one of them.
 *
 *      02 00 00 00 | 03 00 00 00 | 05 00 | 0a 00 | ff 7f          { 5, 10, 32767 }
 *
 * Membership is a binary search. A member too big for the encoding *upgrades* the whole array; it is then either the new
 * least or the new greatest, so it goes to one of the ends. There is no way back down.
 *
 * Invariants: strictly ascending; the encoding never shrinks. *Kept exactly:* the bytes (they are what DUMP and RDB hold).
 * Members beyond 2^53 are bigints.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { fromUint8 } from '../bytes/bytes.ts'
import type { Int64 } from '../bytes/numbers.ts'
import { normalizeInt } from '../bytes/numbers.ts'
import type { Prng } from '../bytes/prng.ts'
import { Compact } from './compact.ts'

type Width = 2 | 4 | 8
const widthOf = (n: Int64): Width =>
  typeof n === 'number' ? (n >= -32768 && n <= 32767 ? 2 : n >= -2147483648 && n <= 2147483647 ? 4 : 8) : 8

export class Intset extends Compact {
  length = 0
  encodingBytes: Width = 2
  constructor() {
    super(0)
  }
  protected get used(): number {
    return this.blobLength
  }

  static fromBytes(data: Bytes | Uint8Array): Intset {
    const set = new Intset()
    set.adopt(data)
    set.encodingBytes = 4
    set.length = data.length
    const u = set.u8
    const width = int32(u, 0) as Width
    set.length = int32(u, 4)
    set.encodingBytes = width
    return set
  }
  /** True when the bytes are a well-formed intset (deep: sorted without duplicates as well). */
  static validate(u8: Uint8Array, deep: boolean): boolean {
    if (u8.length < 8) return false
    const view = new DataView(u8.buffer, u8.byteOffset, u8.byteLength)
    const width = view.getUint32(0, true)
    const n = view.getUint32(4, true)
    if ((width !== 2 && width !== 4 && width !== 8) || n === 0 || u8.length !== 8 + n * width) return false
    if (!deep) return true
    const set = Intset.fromBytes(u8)
    for (let i = 1; i < n; i++) if (set.at(i - 1) >= set.at(i)) return false
    return true
  }
  bytes(): Uint8Array {
    const u = this.copyBytes()
    putInt32(u, 0, this.encodingBytes)
    putInt32(u, 4, this.length)
    return u
  }
  toBytes(): Bytes {
    return fromUint8(this.bytes())
  }
  get blobLength(): number {
    return 8 + this.length * this.encodingBytes
  }

  at(i: number): Int64 {
    const u = this.u8
    const p = 8 + i * this.encodingBytes
    if (this.encodingBytes === 2) return ((u[p]! | (u[p + 1]! << 8)) << 16) >> 16
    if (this.encodingBytes === 4) return int32(u, p)
    return readInt64(u, p)
  }
  private put(i: number, n: Int64): void {
    const u = this.u8
    const p = 8 + i * this.encodingBytes
    this.touch()
    if (this.encodingBytes === 8) {
      const big = BigInt.asUintN(64, BigInt(n))
      putInt32(u, p, Number(big & 0xffffffffn))
      putInt32(u, p + 4, Number(big >> 32n))
      return
    }
    u[p] = (n as number) & 255
    u[p + 1] = ((n as number) >> 8) & 255
    if (this.encodingBytes === 2) return
    u[p + 2] = ((n as number) >> 16) & 255
    u[p + 3] = ((n as number) >> 24) & 255
  }

  /** The index of n, or -1 - (where it would be inserted). */
  private search(n: Int64): number {
    let low = 0
    let high = this.length - 1
    if (high < 0) return -1
    if (n > this.at(high)) return -1 - this.length
    if (n < this.at(0)) return -1
    while (low <= high) {
      const mid = (low + high) >>> 1
      const v = this.at(mid)
      if (v === n) return mid
      if (v < n) low = mid + 1
      else high = mid - 1
    }
    return -1 - low
  }

  has(n: Int64): boolean {
    return widthOf(n) <= this.encodingBytes && this.search(n) >= 0
  }
  /** True when it was not there. */
  add(n: Int64): boolean {
    if (widthOf(n) > this.encodingBytes) {
      this.upgrade(n)
      return true
    }
    const found = this.search(n)
    if (found >= 0) return false
    const i = -1 - found
    this.reserve(8 + (this.length + 1) * this.encodingBytes)
    const p = 8 + i * this.encodingBytes
    this.u8.copyWithin(p + this.encodingBytes, p, this.blobLength)
    this.touch()
    this.length++
    this.put(i, n)
    return true
  }
  private upgrade(n: Int64): void {
    const old = this.members()
    if (n < 0) old.unshift(n)
    else old.push(n)
    this.reserve(8 + old.length * widthOf(n))
    this.encodingBytes = widthOf(n)
    this.length = old.length
    for (let i = 0; i < old.length; i++) this.put(i, old[i]!)
  }
  remove(n: Int64): boolean {
    if (widthOf(n) > this.encodingBytes) return false
    const i = this.search(n)
    if (i < 0) return false
    const p = 8 + i * this.encodingBytes
    this.u8.copyWithin(p, p + this.encodingBytes, this.blobLength)
    this.touch()
    this.length--
    return true
  }
  random(rng: Prng): Int64 {
    return this.at(rng.below(this.length))
  }
  members(): Int64[] {
    const out: Int64[] = []
    for (let i = 0; i < this.length; i++) out.push(this.at(i))
    return out
  }
}

const int32 = (u: Uint8Array, p: number): number => u[p]! | (u[p + 1]! << 8) | (u[p + 2]! << 16) | (u[p + 3]! << 24)
function putInt32(u: Uint8Array, p: number, n: number): void {
  u[p] = n & 255
  u[p + 1] = (n >>> 8) & 255
  u[p + 2] = (n >>> 16) & 255
  u[p + 3] = (n >>> 24) & 255
}

/** A little-endian int64 as number when safe. */
export function readInt64(u: Uint8Array, p: number): Int64 {
  const low = int32(u, p) >>> 0
  const high = int32(u, p + 4)
  if (high >= -2097152 && high < 2097152) {
    const v = high * 4294967296 + low
    if (Number.isSafeInteger(v)) return v
  }
  return normalizeInt((BigInt(high) << 32n) | BigInt(low))
}
