/**
 * A small collection as one block of bytes: no pointers, so a hundred short fields cost little more than their text.
 *
 *      total:4 | count:2 | entry entry entry ... | ff
 *
 *      entry = encoding (and small values) | data | backlen
 *
 *      0xxxxxxx                 0..127                 1110xxxx xxxxxxxx   string up to 4095
 *      10xxxxxx                 string up to 63        11110000 + 4 bytes  string up to 2^32-1
 *      110xxxxx xxxxxxxx        13-bit integer         11110001 .. 0100    16, 24, 32, 64-bit integer
 *
 * Text that looks like an integer is stored as one. `backlen`, written so that it can be read from its end, is the size of
 * the rest of the entry; with it the list can be walked from right to left. Finding the n-th entry is a walk, inserting
 * moves the tail; both are quick while the block is small, and that is why the thresholds exist.
 *
 * A position (`p`) is the byte offset of an entry; -1 means none. A change makes all positions behind it stale.
 *
 * Invariants: the block ends with ff; total is its length; count is exact below 65535 and 65535 beyond.
 * *Kept exactly:* every byte. *Simplified:* the array may have spare room behind the block (amortised growth).
 */
import type { Bytes } from '../bytes/bytes.ts'
import { fromUint8, writeBytes } from '../bytes/bytes.ts'
import type { Int64 } from '../bytes/numbers.ts'
import { parseInt64 } from '../bytes/numbers.ts'
import { Compact } from './compact.ts'
import { readInt64 } from './intset.ts'

const HEADER = 6
const END = 0xff
/** lpSafeToAdd: a listpack stays below this. */
export const LISTPACK_MAX_SAFETY_LIMIT = 1 << 30

const backlenSize = (n: number): number => (n <= 127 ? 1 : n < 16383 ? 2 : n < 2097151 ? 3 : n < 268435455 ? 4 : 5)

function intSize(n: Int64): number {
  if (n >= 0 && n <= 127) return 1
  if (n >= -4096 && n <= 4095) return 2
  if (n >= -32768 && n <= 32767) return 3
  if (n >= -8388608 && n <= 8388607) return 4
  if (n >= -2147483648 && n <= 2147483647) return 5
  return 9
}
const stringSize = (n: number): number => (n < 64 ? 1 : n < 4096 ? 2 : 5) + n

/** Takes entries one after the other: text as bytes u8[from, to), or an integer. */
export interface EntrySink {
  text(u8: Uint8Array, from: number, to: number): void
  number(n: Int64): void
  bulk(b: Bytes): void
}

export class Listpack extends Compact {
  length = 0
  totalBytes = HEADER + 1

  constructor(capacity = 0) {
    super(capacity)
    const u = this.u8
    u[HEADER] = END
    this.touch()
  }
  protected get used(): number {
    return this.totalBytes
  }

  /** Takes a copy. The bytes must be valid (`validate`). */
  static fromBytes(data: Bytes | Uint8Array): Listpack {
    const lp = new Listpack(0)
    lp.adopt(data)
    lp.totalBytes = data.length
    const u = lp.u8
    const n = u[4]! | (u[5]! << 8)
    if (n < 65535) lp.length = n
    else for (let p = lp.first(); p >= 0; p = lp.next(p)) lp.length++
    return lp
  }

  /** The block, header up to date, as a copy. */
  bytes(): Uint8Array {
    const u = this.copyBytes()
    const t = this.totalBytes
    const n = Math.min(this.length, 65535)
    u[0] = t & 255
    u[1] = (t >>> 8) & 255
    u[2] = (t >>> 16) & 255
    u[3] = t >>> 24
    u[4] = n & 255
    u[5] = n >>> 8
    return u
  }
  toBytes(): Bytes {
    return fromUint8(this.bytes())
  }
  clone(): Listpack {
    return Listpack.fromBytes(this.bytes())
  }

  // ---- walking --------------------------------------------------------------------------------------------------

  first(): number {
    return this.u8[HEADER] === END ? -1 : HEADER
  }
  last(): number {
    return this.prev(this.totalBytes - 1)
  }
  next(p: number): number {
    const n = this.sizeAt(p)
    p += n + backlenSize(n)
    return this.u8[p] === END ? -1 : p
  }
  prev(p: number): number {
    if (p <= HEADER) return -1
    let at = p - 1
    let n = 0
    let shift = 0
    for (;;) {
      const c = this.u8[at]!
      n += (c & 127) * 2 ** shift
      if ((c & 128) === 0) break
      shift += 7
      at--
    }
    return p - n - backlenSize(n)
  }
  /** The entry with this index, counted from the end when negative. */
  seek(index: number): number {
    if (index < 0) index += this.length
    if (index < 0 || index >= this.length) return -1
    if (index > this.length >> 1) {
      let p = this.last()
      for (let i = this.length - 1; i > index; i--) p = this.prev(p)
      return p
    }
    let p = HEADER
    for (; index > 0; index--) {
      const n = this.sizeAt(p)
      p += n + backlenSize(n)
    }
    return p
  }

  /** Encoding and data, without backlen. */
  private sizeAt(p: number): number {
    const u = this.u8
    const c = u[p]!
    if (c < 0x80) return 1
    if (c < 0xc0) return 1 + (c & 63)
    if (c < 0xe0) return 2
    if (c < 0xf0) return 2 + (((c & 15) << 8) | u[p + 1]!)
    if (c === 0xf0) return 5 + (u[p + 1]! | (u[p + 2]! << 8) | (u[p + 3]! << 16) | (u[p + 4]! << 24))
    if (c === 0xf4) return 9
    return c - 0xf1 + 3
  }

  get(p: number): Bytes | Int64 {
    const u = this.u8
    const c = u[p]!
    if (c < 0x80) return c
    if (c < 0xc0) return fromUint8(u, p + 1, p + 1 + (c & 63))
    if (c < 0xe0) {
      const v = ((c & 31) << 8) | u[p + 1]!
      return v >= 4096 ? v - 8192 : v
    }
    if (c < 0xf0) return fromUint8(u, p + 2, p + 2 + (((c & 15) << 8) | u[p + 1]!))
    switch (c) {
      case 0xf0:
        return fromUint8(u, p + 5, p + this.sizeAt(p))
      case 0xf1:
        return ((u[p + 1]! | (u[p + 2]! << 8)) << 16) >> 16
      case 0xf2:
        return ((u[p + 1]! | (u[p + 2]! << 8) | (u[p + 3]! << 16)) << 8) >> 8
      case 0xf3:
        return u[p + 1]! | (u[p + 2]! << 8) | (u[p + 3]! << 16) | (u[p + 4]! << 24)
      default:
        return readInt64(u, p + 1)
    }
  }
  /** Hands up to n entries from p on to a sink, without making strings of them. */
  emit(p: number, n: number, sink: EntrySink): number {
    const u = this.u8
    let left = n
    while (p >= 0 && left > 0) {
      const c = u[p]!
      const size = this.sizeAt(p)
      if (c >= 0x80 && c < 0xc0) sink.text(u, p + 1, p + size)
      else if (c >= 0xe0 && c < 0xf0) sink.text(u, p + 2, p + size)
      else if (c === 0xf0) sink.text(u, p + 5, p + size)
      else sink.number(this.get(p) as Int64)
      left--
      p += size + backlenSize(size)
      if (u[p] === END) break
    }
    return n - left
  }
  getBytes(p: number): Bytes {
    const v = this.get(p)
    return typeof v === 'string' ? v : '' + v
  }
  entries(): (Bytes | Int64)[] {
    const out: (Bytes | Int64)[] = []
    for (let p = this.first(); p >= 0; p = this.next(p)) out.push(this.get(p))
    return out
  }
  /** Where each entry lies, for pictures: offset, size of encoding and data, size of backlen. */
  layout(): { offset: number; size: number; backlen: number }[] {
    const out: { offset: number; size: number; backlen: number }[] = []
    for (let p = this.first(); p >= 0; p = this.next(p)) {
      const size = this.sizeAt(p)
      out.push({ offset: p, size, backlen: backlenSize(size) })
    }
    return out
  }

  /** The first entry equal to v from `start` on, looking at one and passing `skip`; -1 when there is none. */
  find(v: Bytes | Int64, start: number = this.first(), skip = 0): number {
    const u = this.u8
    const n = typeof v === 'string' ? (v.length <= 20 ? parseInt64(v) : null) : v
    const text = typeof v === 'string' ? v : ''
    let passing = 0
    let p = start
    if (p < 0) return -1
    while (u[p] !== END) {
      const c = u[p]!
      const size = this.sizeAt(p)
      if (passing === 0) {
        if (c < 0x80 || (c >= 0xc0 && c < 0xe0) || c > 0xf0) {
          if (n !== null && this.get(p) === n) return p
        } else if (n === null && this.equalsText(p, size, text)) return p
        passing = skip
      } else passing--
      p += size + backlenSize(size)
    }
    return -1
  }
  private equalsText(p: number, size: number, text: Bytes): boolean {
    const len = text.length
    if (size !== stringSize(len)) return false
    const at = p + size - len
    for (let i = 0; i < len; i++) if (this.u8[at + i] !== text.charCodeAt(i)) return false
    return true
  }
  /** lpCompare. */
  equals(p: number, v: Bytes): boolean {
    return this.getBytes(p) === v
  }

  // ---- changing -------------------------------------------------------------------------------------------------

  append(v: Bytes | Int64): number {
    return this.write(v, this.totalBytes - 1, 0)
  }
  prepend(v: Bytes | Int64): number {
    return this.write(v, HEADER, 0)
  }
  /** The position of the new entry. */
  insert(p: number, v: Bytes | Int64, where: 'before' | 'after' = 'before'): number {
    if (where === 'after') {
      const n = this.sizeAt(p)
      p += n + backlenSize(n)
    }
    return this.write(v, p, 0)
  }
  replace(p: number, v: Bytes | Int64): number {
    const n = this.sizeAt(p)
    this.length--
    return this.write(v, p, n + backlenSize(n))
  }
  /** Removes `count` entries from p on; the position of what follows, or -1. */
  delete(p: number, count = 1): number {
    let end = p
    let n = 0
    while (n < count && this.u8[end] !== END) {
      const size = this.sizeAt(end)
      end += size + backlenSize(size)
      n++
    }
    this.u8.copyWithin(p, end, this.totalBytes)
    this.touch()
    this.totalBytes -= end - p
    this.length -= n
    return this.u8[p] === END ? -1 : p
  }
  /** By index, negative from the end. */
  deleteRange(index: number, count: number): void {
    const p = this.seek(index)
    if (p >= 0 && count > 0) this.delete(p, count)
  }
  /** All entries of another listpack behind ours. */
  concat(other: Listpack): void {
    const body = other.totalBytes - HEADER - 1
    const at = this.totalBytes - 1
    const more = other.copyBytes().subarray(HEADER, HEADER + body)
    this.reserve(this.totalBytes + body)
    const u = this.u8
    u.set(more, at)
    this.touch()
    this.totalBytes += body
    u[this.totalBytes - 1] = END
    this.length += other.length
  }

  /** Puts v at p over `old` bytes. */
  private write(v: Bytes | Int64, p: number, old: number): number {
    const n = typeof v === 'string' ? (v.length <= 20 ? parseInt64(v) : null) : v
    const size = n === null ? stringSize((v as Bytes).length) : intSize(n)
    const back = backlenSize(size)
    const delta = size + back - old
    if (delta > 0) this.reserve(this.totalBytes + delta)
    const u = this.u8
    this.touch()
    if (delta !== 0) u.copyWithin(p + old + delta, p + old, this.totalBytes)
    this.totalBytes += delta
    this.length++
    if (n === null) putString(u, p, v as Bytes)
    else putInt(u, p, n, size)
    putBacklen(u, p + size, size, back)
    return p
  }

  // ---- checking -------------------------------------------------------------------------------------------------

  /** True when the bytes are a listpack; `deep` walks every entry. Never reads outside. */
  static validate(u8: Uint8Array, deep: boolean): boolean {
    if (u8.length < HEADER + 1) return false
    const total = (u8[0]! | (u8[1]! << 8) | (u8[2]! << 16) | (u8[3]! << 24)) >>> 0
    if (total !== u8.length || u8[total - 1] !== END) return false
    if (!deep) return true
    const count = u8[4]! | (u8[5]! << 8)
    let p = HEADER
    let n = 0
    while (u8[p] !== END) {
      const next = validEntry(u8, p)
      if (next < 0) return false
      p = next
      n++
    }
    return p === total - 1 && (count === 65535 || count === n)
  }
}

/** The position behind the entry at p, or -1 when it does not fit or its backlen disagrees. */
function validEntry(u: Uint8Array, p: number): number {
  const c = u[p]!
  const limit = u.length - 1
  const header = c < 0xc0 ? 1 : c < 0xf0 ? 2 : c === 0xf0 ? 5 : 1
  if (p + header > limit) return -1
  let size: number
  if (c < 0x80) size = 1
  else if (c < 0xc0) size = 1 + (c & 63)
  else if (c < 0xe0) size = 2
  else if (c < 0xf0) size = 2 + (((c & 15) << 8) | u[p + 1]!)
  else if (c === 0xf0) size = 5 + ((u[p + 1]! | (u[p + 2]! << 8) | (u[p + 3]! << 16) | (u[p + 4]! << 24)) >>> 0)
  else if (c <= 0xf3) size = c - 0xf1 + 3
  else if (c === 0xf4) size = 9
  else return -1
  const back = backlenSize(size)
  const end = p + size + back
  if (end > limit) return -1
  // Read from its end as a walk to the left would.
  let backlen = 0
  for (let i = 0, at = end - 1; ; i++, at--) {
    if (i > 4 || at < HEADER) return -1
    const b = u[at]!
    backlen += (b & 127) * 2 ** (7 * i)
    if ((b & 128) === 0) break
  }
  return backlen === size ? end : -1
}

function putString(u: Uint8Array, p: number, b: Bytes): void {
  const n = b.length
  if (n < 64) u[p++] = 0x80 | n
  else if (n < 4096) {
    u[p++] = 0xe0 | (n >> 8)
    u[p++] = n & 255
  } else {
    u[p++] = 0xf0
    u[p++] = n & 255
    u[p++] = (n >>> 8) & 255
    u[p++] = (n >>> 16) & 255
    u[p++] = n >>> 24
  }
  writeBytes(u, p, b)
}

function putInt(u: Uint8Array, p: number, n: Int64, size: number): void {
  if (size === 1) {
    u[p] = n as number
    return
  }
  if (size === 2) {
    const v = (n as number) & 8191
    u[p] = 0xc0 | (v >> 8)
    u[p + 1] = v & 255
    return
  }
  if (size === 9) {
    u[p] = 0xf4
    new DataView(u.buffer, u.byteOffset).setBigInt64(p + 1, BigInt(n), true)
    return
  }
  u[p] = 0xf1 + size - 3
  for (let i = 1; i < size; i++) u[p + i] = ((n as number) >> ((i - 1) * 8)) & 255
}

function putBacklen(u: Uint8Array, p: number, n: number, size: number): void {
  for (let i = size - 1; i >= 0; i--) {
    u[p + i] = (n & 127) | (i === 0 ? 0 : 128)
    n = Math.floor(n / 128)
  }
}
