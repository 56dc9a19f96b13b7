/**
 * CRC-64 (Jones), the checksum at the end of an RDB file and of a DUMP payload. The 64-bit register is two int32 halves
 * and eight bytes are taken per step (slicing-by-8): eight tables give each byte's contribution after the bytes behind it
 * have been shifted through. Initial value 0, reflected, no final xor; crc64("123456789") = e9c6d914c4b8d9ca.
 */
import { type Bytes, writeBytes } from './bytes.ts'

const scratch = new Uint8Array(16384)

const POLY_LO = 0xac4bc9b5 | 0
const POLY_HI = 0x95ac9329 | 0
const LO = new Int32Array(8 * 256)
const HI = new Int32Array(8 * 256)
for (let i = 0; i < 256; i++) {
  let lo = i
  let hi = 0
  for (let k = 0; k < 8; k++) {
    const odd = lo & 1
    lo = (lo >>> 1) | (hi << 31)
    hi = hi >>> 1
    if (odd) {
      lo ^= POLY_LO
      hi ^= POLY_HI
    }
  }
  LO[i] = lo
  HI[i] = hi
}
for (let t = 1; t < 8; t++) {
  for (let i = 0; i < 256; i++) {
    const lo = LO[(t - 1) * 256 + i]!
    const hi = HI[(t - 1) * 256 + i]!
    LO[t * 256 + i] = LO[lo & 255]! ^ ((lo >>> 8) | (hi << 24))
    HI[t * 256 + i] = HI[lo & 255]! ^ (hi >>> 8)
  }
}

export class Crc64 {
  lo = 0
  hi = 0

  update(data: Bytes | Uint8Array, start = 0, end = data.length): this {
    if (typeof data === 'string') this.updateString(data, start, end)
    else this.updateArray(data, start, end)
    return this
  }

  private updateArray(d: Uint8Array, i: number, end: number): void {
    let lo = this.lo
    let hi = this.hi
    for (; i + 8 <= end; i += 8) {
      lo ^= d[i]! | (d[i + 1]! << 8) | (d[i + 2]! << 16) | (d[i + 3]! << 24)
      hi ^= d[i + 4]! | (d[i + 5]! << 8) | (d[i + 6]! << 16) | (d[i + 7]! << 24)
      const a = 1792 + (lo & 255)
      const b = 1536 + ((lo >>> 8) & 255)
      const c = 1280 + ((lo >>> 16) & 255)
      const e = 1024 + (lo >>> 24)
      const f = 768 + (hi & 255)
      const g = 512 + ((hi >>> 8) & 255)
      const h = 256 + ((hi >>> 16) & 255)
      const j = hi >>> 24
      lo = LO[a]! ^ LO[b]! ^ LO[c]! ^ LO[e]! ^ LO[f]! ^ LO[g]! ^ LO[h]! ^ LO[j]!
      hi = HI[a]! ^ HI[b]! ^ HI[c]! ^ HI[e]! ^ HI[f]! ^ HI[g]! ^ HI[h]! ^ HI[j]!
    }
    for (; i < end; i++) {
      const k = (lo ^ d[i]!) & 255
      lo = LO[k]! ^ ((lo >>> 8) | (hi << 24))
      hi = HI[k]! ^ (hi >>> 8)
    }
    this.lo = lo
    this.hi = hi
  }

  private updateString(d: Bytes, i: number, end: number): void {
    // Long ones as bytes: eight at a time.
    for (; end - i >= 256; ) {
      const n = Math.min(end - i, scratch.length)
      writeBytes(scratch, 0, d.slice(i, i + n))
      this.updateArray(scratch, 0, n)
      i += n
    }
    let lo = this.lo
    let hi = this.hi
    for (; i < end; i++) {
      const k = (lo ^ d.charCodeAt(i)) & 255
      lo = LO[k]! ^ ((lo >>> 8) | (hi << 24))
      hi = HI[k]! ^ (hi >>> 8)
    }
    this.lo = lo
    this.hi = hi
  }

  /** The eight bytes as they stand at the end of an RDB file. */
  littleEndian(): Bytes {
    const { lo, hi } = this
    return String.fromCharCode(
      lo & 255,
      (lo >>> 8) & 255,
      (lo >>> 16) & 255,
      lo >>> 24,
      hi & 255,
      (hi >>> 8) & 255,
      (hi >>> 16) & 255,
      hi >>> 24,
    )
  }
  hex(): string {
    return (this.hi >>> 0).toString(16).padStart(8, '0') + (this.lo >>> 0).toString(16).padStart(8, '0')
  }
}

export function crc64(data: Bytes | Uint8Array): Crc64 {
  return new Crc64().update(data)
}
