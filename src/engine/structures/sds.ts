/**
 * A string that is edited in place. Redis keeps the length and the spare room in front of the bytes:
 *
 *      len = 5, alloc = 10 | h e l l o \0 . . . . .
 *
 * so that the length is known without counting, a NUL is a byte like any other, and appending seldom has to move the
 * string: growth asks for twice what is needed, up to one megabyte more (greedy preallocation).
 *
 * Invariants: len <= alloc; bytes at and beyond len are not part of the string. *Kept exactly:* the growth rule, so STRLEN,
 * DEBUG SDSLEN and MEMORY USAGE can be told from it.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { fromUint8, writeBytes } from '../bytes/bytes.ts'

export const SDS_MAX_PREALLOC = 1024 * 1024

/** The size class jemalloc serves `n` bytes from. */
export function allocationSize(n: number): number {
  if (n <= 8) return 8
  if (n <= 128) return Math.ceil(n / 16) * 16
  let group = 128
  while (group * 2 < n) group *= 2
  return Math.ceil(n / (group / 4)) * (group / 4)
}
/** How long a string can be in the memory that is got when room for `n` bytes is asked for: header and final NUL taken off. */
function usableSize(n: number): number {
  const [header, most] = n < 256 ? [3, 255] : n < 65536 ? [5, 65535] : [9, 2 ** 53]
  return Math.min(most, allocationSize(header + n + 1) - header - 1)
}

export class Sds {
  len = 0
  private u8: Uint8Array
  constructor(b: Bytes = '', alloc: number = b.length) {
    this.u8 = new Uint8Array(Math.max(alloc, b.length))
    writeBytes(this.u8, 0, b)
    this.len = b.length
  }
  get alloc(): number {
    return this.u8.length
  }
  get avail(): number {
    return this.u8.length - this.len
  }
  /** sdsMakeRoomFor: at least `add` more bytes, greedily. */
  makeRoomFor(add: number): void {
    if (this.avail >= add) return
    let n = this.len + add
    n = n < SDS_MAX_PREALLOC ? n * 2 : n + SDS_MAX_PREALLOC
    this.resize(usableSize(n))
  }
  /** Other bytes altogether, in memory of their own. */
  replace(u8: Uint8Array): void {
    this.u8 = u8
    this.len = u8.length
    this.resize(usableSize(u8.length))
  }
  private resize(alloc: number): void {
    const u8 = new Uint8Array(alloc)
    u8.set(this.u8.subarray(0, this.len))
    this.u8 = u8
  }
  append(b: Bytes): void {
    this.makeRoomFor(b.length)
    writeBytes(this.u8, this.len, b)
    this.len += b.length
  }
  /** sdsgrowzero: at least n long, new bytes are NUL. */
  grow(n: number): void {
    if (n <= this.len) return
    this.makeRoomFor(n - this.len)
    this.u8.fill(0, this.len, n)
    this.len = n
  }
  setRange(offset: number, b: Bytes): void {
    this.grow(offset + b.length)
    writeBytes(this.u8, offset, b)
  }
  byteAt(i: number): number {
    return i < this.len ? this.u8[i]! : 0
  }
  setByte(i: number, value: number): void {
    this.grow(i + 1)
    this.u8[i] = value
  }
  toBytes(start = 0, end: number = this.len): Bytes {
    return fromUint8(this.u8, start, Math.min(end, this.len))
  }
  /** A view of the bytes in use, valid until the next change. */
  view(): Uint8Array {
    return this.u8.subarray(0, this.len)
  }
  /** Give back the spare room (sdsRemoveFreeSpace). */
  removeFreeSpace(): void {
    if (this.avail > 0) this.resize(this.len)
  }
}
