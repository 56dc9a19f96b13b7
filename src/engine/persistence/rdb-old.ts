/**
 * The compact encodings of older Redis versions, read only: ziplist (until 6.2) and zipmap (until 2.4). What is in them is
 * handed on entry by entry; their bytes come from outside and are believed only where everything agrees.
 *
 *   ziplist   u32 bytes | u32 tail offset | u16 entries | { prevlen  encoding  data }* | 0xff
 *   zipmap    u8 entries | { len field  len  u8 free  value }* | 0xff
 *
 *   prevlen   xx  or  fe u32           encoding   00llllll | 01llllll ll | 10...... u32 (big end first)   text
 *                                                 c0 i16 | d0 i32 | e0 i64 | f0 i24 | fe i8 | f1..fd = 0..12
 *
 * Invariant: nothing is read outside the block, and an entry is handed on only after it was found to fit.
 * *Kept exactly:* what ziplistValidateIntegrity and zipmapValidateIntegrity take and refuse.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { type Int64, normalizeInt } from '../bytes/numbers.ts'

const HEADER = 10
const END = 0xff
/** Gets an entry; false: it will not do. */
type Take = (entry: Bytes | Int64) => boolean

function le(b: Bytes, at: number, n: number): number {
  let v = 0
  for (let i = n - 1; i >= 0; i--) v = v * 256 + b.charCodeAt(at + i)
  return v
}
function signed(b: Bytes, at: number, n: number): Int64 {
  if (n < 8) {
    const v = le(b, at, n)
    return v >= 2 ** (8 * n - 1) ? v - 2 ** (8 * n) : v
  }
  return normalizeInt(BigInt.asIntN(64, (BigInt(le(b, at + 4, 4)) << 32n) | BigInt(le(b, at, 4))))
}
const be32 = (b: Bytes, at: number): number =>
  ((b.charCodeAt(at) << 24) | (b.charCodeAt(at + 1) << 16) | (b.charCodeAt(at + 2) << 8) | b.charCodeAt(at + 3)) >>> 0

/** Bytes of an integer's data by its encoding; -1 when there is no such encoding. */
function intSize(encoding: number): number {
  switch (encoding) {
    case 0xfe:
      return 1
    case 0xc0:
      return 2
    case 0xf0:
      return 3
    case 0xd0:
      return 4
    case 0xe0:
      return 8
    default:
      return encoding >= 0xf1 && encoding <= 0xfd ? 0 : -1
  }
}

/** True when the bytes are a ziplist and all of its entries were taken. */
export function readZiplist(b: Bytes, take: Take): boolean {
  const last = b.length - 1
  if (b.length < HEADER + 1 || le(b, 0, 4) !== b.length || b.charCodeAt(last) !== END) return false
  const tail = le(b, 4, 4)
  if (tail > last) return false
  let count = 0
  let p = HEADER
  let prev = -1
  let prevSize = 0
  while (b.charCodeAt(p) !== END) {
    const prevlenSize = b.charCodeAt(p) < 254 ? 1 : 5
    const at = p + prevlenSize
    if (at > last) return false
    const e = b.charCodeAt(at)
    const int = e >= 0xc0 ? intSize(e) : 0
    const lenSize = e < 0x40 || e >= 0xc0 ? 1 : e < 0x80 ? 2 : 5
    if (int < 0 || at + lenSize > last) return false
    const size = e >= 0xc0 ? int : e < 0x40 ? e : e < 0x80 ? ((e & 63) << 8) | b.charCodeAt(at + 1) : be32(b, at + 1)
    const data = at + lenSize
    if (data + size > last) return false
    if ((prevlenSize === 1 ? b.charCodeAt(p) : le(b, p + 1, 4)) !== prevSize) return false
    const entry = e < 0xc0 ? b.slice(data, data + size) : int === 0 ? (e & 15) - 1 : signed(b, data, int)
    if (!take(entry)) return false
    prev = p
    prevSize = data + size - p
    p = data + size
    count++
  }
  if (p !== last || (prev >= 0 && prev !== tail)) return false
  const counted = le(b, 8, 2)
  return counted === 65535 || counted === count
}

/** True when the bytes are a zipmap and all fields and values were taken, in turn. */
export function readZipmap(b: Bytes, take: Take): boolean {
  const last = b.length - 1
  if (b.length < 2 || b.charCodeAt(last) !== END) return false
  const outside = (p: number): boolean => p < 2 || p > last
  const lengthSize = (p: number): number => (b.charCodeAt(p) < 254 ? 1 : 5)
  const length = (p: number): number => (b.charCodeAt(p) < 254 ? b.charCodeAt(p) : le(b, p + 1, 4))
  const found: Bytes[] = []
  let p = 1
  while (b.charCodeAt(p) !== END) {
    const fieldAt = p + lengthSize(p)
    if (outside(fieldAt)) return false
    const fieldEnd = fieldAt + length(p)
    if (outside(fieldEnd)) return false
    const freeAt = fieldEnd + lengthSize(fieldEnd)
    if (outside(freeAt)) return false
    const n = length(fieldEnd)
    // The sum is one of 32 bits.
    p = freeAt + 1 + ((n + b.charCodeAt(freeAt)) >>> 0)
    if (outside(p)) return false
    found.push(b.slice(fieldAt, fieldEnd), b.slice(freeAt + 1, freeAt + 1 + n))
  }
  const count = b.charCodeAt(0)
  if (found.length === 0 || (count !== 254 && count !== found.length / 2)) return false
  return found.every(take)
}
