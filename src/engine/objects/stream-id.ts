/**
 * IDs of stream entries: milliseconds and a sequence number, both unsigned 64 bits. Each half is a number while that is
 * exact and a bigint beyond, so `===`, `<` and `typeof` mean what they seem to.
 *
 * As a key of a radix tree an ID is 16 bytes, big end first: the order of bytes is the order of IDs.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { type Int64, normalizeInt, parseInt64 } from '../bytes/numbers.ts'

export type U64 = number | bigint
export const U64_MAX = 18446744073709551615n

export interface StreamId {
  readonly ms: U64
  readonly seq: U64
}
export const MIN_ID: StreamId = { ms: 0, seq: 0 }
export const MAX_ID: StreamId = { ms: U64_MAX, seq: U64_MAX }

/** Negative, 0 or positive. */
export function compareIds(a: StreamId, b: StreamId): number {
  if (a.ms !== b.ms) return a.ms < b.ms ? -1 : 1
  return a.seq === b.seq ? 0 : a.seq < b.seq ? -1 : 1
}
export const isZeroId = (id: StreamId): boolean => id.ms === 0 && id.seq === 0

const plusOne = (n: U64): U64 =>
  typeof n === 'number' && n < Number.MAX_SAFE_INTEGER ? n + 1 : normalizeInt(BigInt(n) + 1n)
const minusOne = (n: U64): U64 => (typeof n === 'number' ? n - 1 : normalizeInt(n - 1n))

/** The next ID; null behind the last one. */
export function incrementId(id: StreamId): StreamId | null {
  if (id.seq !== U64_MAX) return { ms: id.ms, seq: plusOne(id.seq) }
  return id.ms === U64_MAX ? null : { ms: plusOne(id.ms), seq: 0 }
}
/** The previous ID; null before the first one. */
export function decrementId(id: StreamId): StreamId | null {
  if (id.seq !== 0) return { ms: id.ms, seq: minusOne(id.seq) }
  return id.ms === 0 ? null : { ms: minusOne(id.ms), seq: U64_MAX }
}

/** a + delta as unsigned 64 bits. */
export function addDelta(a: U64, delta: Int64): U64 {
  if (typeof a === 'number' && typeof delta === 'number') {
    const sum = a + delta
    if (sum >= 0 && sum <= Number.MAX_SAFE_INTEGER) return sum
  }
  return normalizeInt(BigInt.asUintN(64, BigInt(a) + BigInt(delta)))
}
/** a - b as a signed 64-bit number. */
export function deltaOf(a: U64, b: U64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return normalizeInt(BigInt.asIntN(64, BigInt(a) - BigInt(b)))
}
/** What C prints for these 64 bits with a sign. */
export const asSigned = (n: Int64): Int64 => (typeof n === 'number' ? n : normalizeInt(BigInt.asIntN(64, n)))
export const asUnsigned = (n: Int64): U64 =>
  typeof n === 'number' && n >= 0 ? n : normalizeInt(BigInt.asUintN(64, BigInt(n)))

export const formatId = (id: StreamId): Bytes => `${id.ms}-${id.seq}`

const high = (n: U64): number => (typeof n === 'number' ? Math.floor(n / 4294967296) : Number(n >> 32n))
const low = (n: U64): number => (typeof n === 'number' ? n >>> 0 : Number(n & 0xffffffffn))

export function encodeId(id: StreamId): Bytes {
  const a = high(id.ms)
  const b = typeof id.ms === 'number' ? id.ms % 4294967296 : low(id.ms)
  const c = high(id.seq)
  const d = typeof id.seq === 'number' ? id.seq % 4294967296 : low(id.seq)
  return String.fromCharCode(
    a >>> 24,
    (a >>> 16) & 255,
    (a >>> 8) & 255,
    a & 255,
    b >>> 24,
    (b >>> 16) & 255,
    (b >>> 8) & 255,
    b & 255,
    c >>> 24,
    (c >>> 16) & 255,
    (c >>> 8) & 255,
    c & 255,
    d >>> 24,
    (d >>> 16) & 255,
    (d >>> 8) & 255,
    d & 255,
  )
}
function half(b: Bytes, at: number): U64 {
  let hi = 0
  let lo = 0
  for (let i = 0; i < 4; i++) hi = hi * 256 + b.charCodeAt(at + i)
  for (let i = 4; i < 8; i++) lo = lo * 256 + b.charCodeAt(at + i)
  return hi < 2097152 ? hi * 4294967296 + lo : normalizeInt((BigInt(hi) << 32n) | BigInt(lo))
}
export const decodeId = (b: Bytes): StreamId => ({ ms: half(b, 0), seq: half(b, 8) })

const STRTOULL = /^[ \t\n\v\f\r]*([+-]?)(\d+)$/
/** string2ull: strict digits first, else what strtoull takes (blanks, a sign, leading zeros). */
export function parseU64(text: Bytes): U64 | null {
  const n = parseInt64(text)
  if (n !== null) return n < 0 ? null : n
  const m = STRTOULL.exec(text)
  if (m === null) return null
  const v = BigInt(m[2]!)
  if (v > U64_MAX) return null
  return normalizeInt(m[1] === '-' ? BigInt.asUintN(64, -v) : v)
}

export interface ParsedId {
  readonly id: StreamId
  /** False for `ms-*`. */
  readonly seqGiven: boolean
}
/**
 * `ms`, `ms-seq`, and where allowed `-` and `+` (not strict) or `ms-*` (`star`). Null when it is none of them.
 */
export function parseId(arg: Bytes, missingSeq: U64, strict: boolean, star = false): ParsedId | null {
  if (arg.length > 127) return null
  const nul = arg.indexOf('\0')
  const text = nul < 0 ? arg : arg.slice(0, nul)
  if (text === '-' || text === '+') return strict ? null : { id: text === '-' ? MIN_ID : MAX_ID, seqGiven: true }
  const dash = text.indexOf('-')
  const ms = parseU64(dash < 0 ? text : text.slice(0, dash))
  if (ms === null) return null
  if (dash < 0) return { id: { ms, seq: missingSeq }, seqGiven: true }
  const tail = text.slice(dash + 1)
  if (star && tail === '*') return { id: { ms, seq: 0 }, seqGiven: false }
  const seq = parseU64(tail)
  return seq === null ? null : { id: { ms, seq }, seqGiven: true }
}
