/**
 * HyperLogLog: how many distinct elements were seen, in at most 12 KB, with a standard error of 0.81 %. An element is hashed to 64
 * bits; 14 of them choose one of 16384 registers, and the register keeps the longest run of zeros (plus one) seen in the other 50.
 * A value is an ordinary string of Redis:
 *
 *   "HYLL" | encoding | 3 unused | cardinality, 8 bytes LE, top bit: out of date | registers
 *
 *   dense   16384 registers of 6 bits, little endian              12304 bytes in all
 *   sparse  00xxxxxx            ZERO   1..64 registers are 0
 *           01xxxxxx yyyyyyyy   XZERO  1..16384 registers are 0
 *           1vvvvvxx            VAL    1..4 registers have the value 1..32
 *
 * Kept exactly: every byte, so what PFADD makes equals what redis-server makes; when sparse becomes dense; the estimator of Otmar
 * Ertl (tau and sigma). Invariant of a sound value: its runs cover exactly 16384 registers.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { murmur64a } from '../bytes/murmur.ts'
import { Sds } from './sds.ts'

export const HLL_REGISTERS = 16384
const P = 14
const Q = 50
export const HLL_HEADER = 16
export const HLL_DENSE_SIZE = HLL_HEADER + (HLL_REGISTERS * 6) / 8
export const HLL_DENSE = 0
export const HLL_SPARSE = 1
const ALPHA_INF = 0.7213475204444817
const SPARSE_MAX_VALUE = 32
const SPARSE_MAX_RUN = 4
const ZERO_MAX_RUN = 64
const SEED = 0xadc83b19
const MAGIC = 'HYLL'

/** What an element says: register and the length of its run of zeros plus one (1..51). */
export function hllPattern(element: Bytes): { index: number; count: number } {
  const { hi, lo } = murmur64a(element, SEED)
  const index = lo & (HLL_REGISTERS - 1)
  // The hash without its 14 low bits, and a one at bit 50 that ends every run.
  const low = (lo >>> P) | (hi << (32 - P)) | 0
  const high = (hi >>> P) | (1 << (Q - 32))
  const zeros = low !== 0 ? 31 - Math.clz32(low & -low) : 63 - Math.clz32(high & -high)
  return { index, count: zeros + 1 }
}

/** A value without elements: all registers in one XZERO. */
export function createHll(): Sds {
  return new Sds('HYLL\x01\0\0\0\0\0\0\0\0\0\0\0\x7f\xff')
}
/** isHLLObjectOrReply's check of the header. */
export function isHll(value: Bytes | Sds): boolean {
  const text = typeof value === 'string'
  const length = text ? value.length : value.len
  if (length < HLL_HEADER) return false
  const at = (i: number): number => (text ? value.charCodeAt(i) : value.byteAt(i))
  for (let i = 0; i < 4; i++) if (at(i) !== MAGIC.charCodeAt(i)) return false
  return at(4) === HLL_SPARSE || (at(4) === HLL_DENSE && length === HLL_DENSE_SIZE)
}
export const hllEncoding = (s: Sds): number => s.byteAt(4)

/** The cardinality that was counted last, or null when the registers changed since. */
export function hllCached(s: Sds): bigint | null {
  if ((s.byteAt(15) & 0x80) !== 0) return null
  let n = 0n
  for (let i = 15; i >= 8; i--) n = (n << 8n) | BigInt(s.byteAt(i))
  return n
}
export function hllSetCached(s: Sds, n: bigint): void {
  for (let i = 8; i < 16; i++) {
    s.setByte(i, Number(n & 255n))
    n >>= 8n
  }
}
export function hllInvalidate(s: Sds): void {
  s.setByte(15, s.byteAt(15) | 0x80)
}

export function denseGet(u8: Uint8Array, register: number): number {
  const bit = register * 6
  const at = HLL_HEADER + (bit >> 3)
  const shift = bit & 7
  return ((u8[at]! >> shift) | ((u8[at + 1] ?? 0) << (8 - shift))) & 63
}
function denseWrite(u8: Uint8Array, register: number, value: number): void {
  const bit = register * 6
  const at = HLL_HEADER + (bit >> 3)
  const shift = bit & 7
  u8[at] = (u8[at]! & ~(63 << shift)) | (value << shift)
  if (shift > 2) u8[at + 1] = (u8[at + 1]! & ~(63 >> (8 - shift))) | (value >> (8 - shift))
}
/** Every register in its order: four of them are three bytes. */
function eachDense(u8: Uint8Array, fn: (register: number, value: number) => void): void {
  for (let i = 0, at = HLL_HEADER; i < HLL_REGISTERS; i += 4, at += 3) {
    const bits = u8[at]! | (u8[at + 1]! << 8) | (u8[at + 2]! << 16)
    fn(i, bits & 63)
    fn(i + 1, (bits >> 6) & 63)
    fn(i + 2, (bits >> 12) & 63)
    fn(i + 3, (bits >> 18) & 63)
  }
}
/** All registers of a dense value at once. */
export function denseFill(u8: Uint8Array, registers: Uint8Array): void {
  for (let i = 0, at = HLL_HEADER; i < HLL_REGISTERS; i += 4, at += 3) {
    const bits = registers[i]! | (registers[i + 1]! << 6) | (registers[i + 2]! << 12) | (registers[i + 3]! << 18)
    u8[at] = bits & 255
    u8[at + 1] = (bits >> 8) & 255
    u8[at + 2] = bits >> 16
  }
}
/** hllDenseSet: true when the register grew. */
export function denseSet(u8: Uint8Array, register: number, count: number): boolean {
  if (denseGet(u8, register) >= count) return false
  denseWrite(u8, register, count)
  return true
}

export interface SparseRun {
  readonly kind: 'zero' | 'xzero' | 'val'
  readonly value: number
  readonly run: number
  readonly size: number
}
const isXzero = (byte: number): boolean => (byte & 0xc0) === 0x40
const isVal = (byte: number): boolean => (byte & 0x80) !== 0
const valOf = (byte: number): number => ((byte >> 2) & 31) + 1
const valRun = (byte: number): number => (byte & 3) + 1
const valByte = (value: number, run: number): number => 0x80 | ((value - 1) << 2) | (run - 1)
const runAt = (u8: Uint8Array, p: number): number => {
  const byte = u8[p]!
  if (isVal(byte)) return valRun(byte)
  return isXzero(byte) ? (((byte & 63) << 8) | (u8[p + 1] ?? 0)) + 1 : (byte & 63) + 1
}
/** The runs as they stand, also of a value that is not sound. */
export function* sparseRuns(u8: Uint8Array): Generator<SparseRun, void> {
  for (let p = HLL_HEADER; p < u8.length; ) {
    const byte = u8[p]!
    const kind = isVal(byte) ? 'val' : isXzero(byte) ? 'xzero' : 'zero'
    const size = kind === 'xzero' ? 2 : 1
    yield { kind, value: kind === 'val' ? valOf(byte) : 0, run: runAt(u8, p), size }
    p += size
  }
}

/** Each run of registers that are not zero; false when the runs do not cover the registers. */
function eachVal(u8: Uint8Array, fn: (first: number, run: number, value: number) => void): boolean {
  let i = 0
  for (let p = HLL_HEADER; p < u8.length; ) {
    const byte = u8[p]!
    const run = runAt(u8, p)
    if (isVal(byte)) {
      if (i + run > HLL_REGISTERS) break
      fn(i, run, valOf(byte))
    }
    i += run
    p += isXzero(byte) ? 2 : 1
  }
  return i === HLL_REGISTERS
}

/** hllSparseToDense; false when the value is corrupted, which leaves it as it was. */
export function hllToDense(s: Sds): boolean {
  if (hllEncoding(s) === HLL_DENSE) return true
  const dense = new Uint8Array(HLL_DENSE_SIZE)
  const old = s.view()
  dense.set(old.subarray(0, HLL_HEADER))
  dense[4] = HLL_DENSE
  const sound = eachVal(old, (first, run, value) => {
    for (let i = first; i < first + run; i++) denseWrite(dense, i, value)
  })
  if (!sound) return false
  s.replace(dense)
  return true
}

const zeroRun = (run: number): number[] => (run > ZERO_MAX_RUN ? [0x40 | ((run - 1) >> 8), (run - 1) & 255] : [run - 1])

/** Replaces `size` bytes at p by `bytes`; the room is there. */
function splice(s: Sds, p: number, size: number, bytes: readonly number[]): void {
  const len = s.len
  const grown = len + bytes.length - size
  if (grown > len) s.len = grown
  const u8 = s.view()
  u8.copyWithin(p + bytes.length, p + size, len)
  // After a last XZERO of which one byte is missing there is no room for all.
  u8.set(bytes.slice(0, u8.length - p), p)
  s.len = grown
}
/** Up to five runs from p on: neighbours of one value become one run where it fits. */
function mergeRuns(s: Sds, from: number): void {
  let p = from
  for (let scan = 5; p < s.len && scan > 0; scan--) {
    const byte = s.byteAt(p)
    if (isXzero(byte)) {
      p += 2
      continue
    }
    const next = s.byteAt(p + 1)
    if (isVal(byte) && p + 1 < s.len && isVal(next) && valOf(byte) === valOf(next)) {
      const run = valRun(byte) + valRun(next)
      if (run <= SPARSE_MAX_RUN) {
        splice(s, p, 2, [valByte(valOf(byte), run)])
        continue
      }
    }
    p++
  }
}

/** A register of this value was grown (true), not (false), or the value is corrupted (null). */
export type SetOutcome = boolean | null

function promote(s: Sds, index: number, count: number): SetOutcome {
  return hllToDense(s) ? denseSet(s.view(), index, count) : null
}
/** hllSparseSet: finds the run that covers the register and splits it; too large a value or string becomes dense. */
function sparseSet(s: Sds, index: number, count: number, maxBytes: number): SetOutcome {
  if (count > SPARSE_MAX_VALUE) return promote(s, index, count)
  s.makeRoomFor(3)
  const u8 = s.view()
  const end = u8.length
  let [first, run, previous, p] = [0, 0, -1, HLL_HEADER]
  while (p < end) {
    run = runAt(u8, p)
    if (index < first + run) break
    previous = p
    p += isXzero(u8[p]!) ? 2 : 1
    first += run
  }
  if (run === 0 || p >= end) return null
  const byte = u8[p]!
  if (isVal(byte) && valOf(byte) >= count) return false
  if (run === 1 && !isXzero(byte)) u8[p] = valByte(count, 1)
  else {
    const [before, after] = [index - first, first + run - 1 - index]
    const part = (n: number): number[] => (n === 0 ? [] : isVal(byte) ? [valByte(valOf(byte), n)] : zeroRun(n))
    const bytes = [...part(before), valByte(count, 1), ...part(after)]
    const size = isXzero(byte) ? 2 : 1
    const delta = bytes.length - size
    if (delta > 0 && s.len + delta > maxBytes) return promote(s, index, count)
    splice(s, p, size, bytes)
  }
  mergeRuns(s, previous >= 0 ? previous : HLL_HEADER)
  hllInvalidate(s)
  return true
}
export function hllSet(s: Sds, index: number, count: number, sparseMaxBytes: number): SetOutcome {
  if (hllEncoding(s) === HLL_DENSE) return denseSet(s.view(), index, count)
  return sparseSet(s, index, count, sparseMaxBytes)
}
export function hllAdd(s: Sds, element: Bytes, sparseMaxBytes: number): SetOutcome {
  const { index, count } = hllPattern(element)
  return hllSet(s, index, count, sparseMaxBytes)
}

/** hllMerge: max[i] becomes the larger of it and register i; false when the value is corrupted. */
export function hllMergeInto(max: Uint8Array, value: Uint8Array): boolean {
  if (value[4] === HLL_DENSE) {
    eachDense(value, (i, v) => {
      if (v > max[i]!) max[i] = v
    })
    return true
  }
  return eachVal(value, (first, run, v) => {
    for (let i = first; i < first + run; i++) if (v > max[i]!) max[i] = v
  })
}

/** How many registers have each value; null when the value is corrupted. */
function histogram(value: Uint8Array): Int32Array | null {
  const h = new Int32Array(64)
  if (value[4] === HLL_DENSE) {
    eachDense(value, (_, v) => {
      h[v]!++
    })
    return h
  }
  let i = 0
  for (let p = HLL_HEADER; p < value.length; ) {
    const byte = value[p]!
    const run = runAt(value, p)
    i += run
    h[isVal(byte) ? valOf(byte) : 0]! += run
    p += isXzero(byte) ? 2 : 1
  }
  return i === HLL_REGISTERS ? h : null
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0
  let y = 1
  let z = 1 - x
  for (let before = Number.NaN; before !== z; ) {
    x = Math.sqrt(x)
    before = z
    y *= 0.5
    z -= (1 - x) * (1 - x) * y
  }
  return z / 3
}
function sigma(x: number): number {
  if (x === 1) return Infinity
  let y = 1
  let z = x
  for (let before = Number.NaN; before !== z; ) {
    x *= x
    before = z
    z += x * y
    y += y
  }
  return z
}
function estimate(h: Int32Array): bigint {
  const m = HLL_REGISTERS
  let z = m * tau((m - h[Q + 1]!) / m)
  for (let j = Q; j >= 1; j--) {
    z += h[j]!
    z *= 0.5
  }
  z += m * sigma(h[0]! / m)
  const e = Math.round((ALPHA_INF * m * m) / z)
  // llroundl of what no integer holds.
  return Number.isFinite(e) ? BigInt(e) : -9223372036854775808n
}
/** hllCount; null when the value is corrupted. */
export function hllCount(value: Uint8Array): bigint | null {
  const h = histogram(value)
  return h === null ? null : estimate(h)
}
/** The cardinality of registers that stand one a byte (a union). */
export function hllCountRaw(registers: Uint8Array): bigint {
  const h = new Int32Array(64)
  for (let i = 0; i < HLL_REGISTERS; i++) h[registers[i]!]!++
  return estimate(h)
}
