/**
 * The compact encodings of older Redis versions, read only: ziplist (until 6.2) and zipmap (until 2.4).
 *
 *   ziplist   u32 bytes | u32 tail offset | u16 entries | { prevlen  encoding  data }* | 0xff
 *   zipmap    u8 entries | { len field  len  u8 free  value }* | 0xff
 */
import type { Bytes } from '../bytes/bytes.ts'
import { RdbError } from './rdb-format.ts'

const bad = (): never => {
  throw new RdbError('Ziplist integrity check failed.')
}

function signed(b: Bytes, at: number, n: number): bigint {
  let v = 0n
  for (let i = n - 1; i >= 0; i--) v = (v << 8n) | BigInt(b.charCodeAt(at + i))
  return BigInt.asIntN(n * 8, v)
}

export function readZiplist(b: Bytes): Bytes[] {
  const out: Bytes[] = []
  if (b.length < 11) bad()
  let p = 10
  for (;;) {
    if (p >= b.length) bad()
    const prev = b.charCodeAt(p)
    if (prev === 255) return out
    p += prev === 254 ? 5 : 1
    const e = b.charCodeAt(p)
    let len = 0
    if (e >> 6 === 0) {
      len = e & 63
      p += 1
    } else if (e >> 6 === 1) {
      len = ((e & 63) << 8) | b.charCodeAt(p + 1)
      p += 2
    } else if (e >> 6 === 2) {
      len = Number(BigInt.asUintN(32, signed([4, 3, 2, 1].map((i) => b[p + i] ?? '').join(''), 0, 4)))
      p += 5
    } else {
      const width = e === 0xc0 ? 2 : e === 0xd0 ? 4 : e === 0xe0 ? 8 : e === 0xf0 ? 3 : e === 0xfe ? 1 : 0
      if (width === 0 && (e < 0xf1 || e > 0xfd)) bad()
      if (p + 1 + width > b.length) bad()
      out.push(width === 0 ? String((e & 15) - 1) : String(signed(b, p + 1, width)))
      p += 1 + width
      continue
    }
    if (p + len > b.length) bad()
    out.push(b.slice(p, p + len))
    p += len
  }
}

export function readZipmap(b: Bytes): Bytes[] {
  const out: Bytes[] = []
  const fail = (): never => {
    throw new RdbError('Zipmap integrity check failed.')
  }
  let p = 1
  const length = (): number => {
    const n = b.charCodeAt(p)
    if (n < 254) {
      p += 1
      return n
    }
    if (p + 5 > b.length) fail()
    const v = Number(BigInt.asUintN(32, signed(b, p + 1, 4)))
    p += 5
    return v
  }
  for (;;) {
    if (p >= b.length) fail()
    if (b.charCodeAt(p) === 255) return out
    const flen = length()
    out.push(b.slice(p, p + flen))
    p += flen
    const vlen = length()
    const free = b.charCodeAt(p)
    p += 1
    if (p + vlen + free > b.length) fail()
    out.push(b.slice(p, p + vlen))
    p += vlen + free
  }
}
