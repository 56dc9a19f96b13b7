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
import { fromUint8, toUint8 } from '../bytes/bytes.ts'
import type { Int64 } from '../bytes/numbers.ts'
import { normalizeInt } from '../bytes/numbers.ts'
import type { Prng } from '../bytes/prng.ts'

type Width = 2 | 4 | 8
const widthOf = (n: Int64): Width =>
  typeof n === 'number' ? (n >= -32768 && n <= 32767 ? 2 : n >= -2147483648 && n <= 2147483647 ? 4 : 8) : 8

export class Intset {
  length = 0
  encodingBytes: Width = 2
  private u8: Uint8Array = new Uint8Array(16)
  private view: DataView = new DataView(this.u8.buffer)

  static fromBytes(data: Bytes | Uint8Array): Intset {
    const u8 = typeof data === 'string' ? toUint8(data) : data.slice()
    const set = new Intset()
    set.u8 = u8
    set.view = new DataView(u8.buffer, u8.byteOffset, u8.byteLength)
    set.encodingBytes = set.view.getUint32(0, true) as Width
    set.length = set.view.getUint32(4, true)
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
    this.view.setUint32(0, this.encodingBytes, true)
    this.view.setUint32(4, this.length, true)
    return this.u8.slice(0, this.blobLength)
  }
  toBytes(): Bytes {
    return fromUint8(this.bytes())
  }
  get blobLength(): number {
    return 8 + this.length * this.encodingBytes
  }

  at(i: number): Int64 {
    const p = 8 + i * this.encodingBytes
    if (this.encodingBytes === 2) return this.view.getInt16(p, true)
    if (this.encodingBytes === 4) return this.view.getInt32(p, true)
    return readInt64(this.view, p)
  }
  private put(i: number, n: Int64): void {
    const p = 8 + i * this.encodingBytes
    if (this.encodingBytes === 2) this.view.setInt16(p, n as number, true)
    else if (this.encodingBytes === 4) this.view.setInt32(p, n as number, true)
    else this.view.setBigInt64(p, BigInt(n), true)
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
    this.length++
    this.put(i, n)
    return true
  }
  private upgrade(n: Int64): void {
    const old = this.members()
    if (n < 0) old.unshift(n)
    else old.push(n)
    this.encodingBytes = widthOf(n)
    this.reserve(8 + old.length * this.encodingBytes)
    this.length = old.length
    for (let i = 0; i < old.length; i++) this.put(i, old[i]!)
  }
  private reserve(n: number): void {
    if (n <= this.u8.length) return
    const u8 = new Uint8Array(Math.max(n, this.u8.length + (this.u8.length >> 1)))
    u8.set(this.u8)
    this.u8 = u8
    this.view = new DataView(u8.buffer)
  }
  remove(n: Int64): boolean {
    if (widthOf(n) > this.encodingBytes) return false
    const i = this.search(n)
    if (i < 0) return false
    const p = 8 + i * this.encodingBytes
    this.u8.copyWithin(p, p + this.encodingBytes, this.blobLength)
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

/** A little-endian int64 as number when safe. */
export function readInt64(view: DataView, p: number): Int64 {
  const high = view.getInt32(p + 4, true)
  if (high >= -2097152 && high < 2097152) {
    const v = high * 4294967296 + view.getUint32(p, true)
    if (Number.isSafeInteger(v)) return v
  }
  return normalizeInt(view.getBigInt64(p, true))
}
