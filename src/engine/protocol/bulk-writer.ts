/**
 * Long array replies. One string for each element and two more for its frame would be made and thrown away; here the
 * reply is written as bytes, `$3\r\nfoo\r\n$1\r\n7\r\n`, into a buffer that is kept, and becomes one string at the end.
 */
import { type Bytes, fromUint8, writeBytes } from '../bytes/bytes.ts'
import type { Int64 } from '../bytes/numbers.ts'

export class BulkWriter {
  private u8 = new Uint8Array(16384)
  private at = 0

  /** Begin a reply: `*n`, `%n`, ... */
  begin(mark: string, count: number): this {
    this.at = 0
    this.raw(`${mark}${count}\r\n`)
    return this
  }
  /** The whole reply. A buffer that had to grow much is given back. */
  end(): Bytes {
    const bytes = fromUint8(this.u8, 0, this.at)
    if (this.u8.length > 1 << 20) this.u8 = new Uint8Array(16384)
    return bytes
  }
  /** Bytes that are encoded already. */
  raw(bytes: Bytes): void {
    this.reserve(bytes.length)
    writeBytes(this.u8, this.at, bytes)
    this.at += bytes.length
  }
  bulk(bytes: Bytes): void {
    const n = bytes.length
    this.header(36, n)
    writeBytes(this.u8, this.at, bytes)
    this.close(n)
  }
  /** A bulk of the bytes u8[from, to). */
  text(u8: Uint8Array, from: number, to: number): void {
    const n = to - from
    this.header(36, n)
    if (n > 24) this.u8.set(u8.subarray(from, to), this.at)
    else for (let i = 0, at = this.at; i < n; i++) this.u8[at + i] = u8[from + i]!
    this.close(n)
  }
  /** A bulk of the decimal notation of n. */
  number(n: Int64): void {
    this.bulk(`${n}`)
  }
  integer(n: number): void {
    if (n >= 0 && n <= 0x7fffffff && n === (n | 0)) this.header(58, n)
    else this.raw(`:${n}\r\n`)
  }

  private close(n: number): void {
    const at = this.at + n
    this.u8[at] = 13
    this.u8[at + 1] = 10
    this.at = at + 2
  }
  /** `$n` or `:n` with its line end, and room for n bytes behind it. */
  private header(mark: number, n: number): void {
    this.reserve((mark === 36 ? n : 0) + 24)
    const u = this.u8
    let at = this.at
    u[at++] = mark
    if (n < 10) u[at++] = 48 + n
    else if (n < 100) {
      u[at++] = 48 + ((n / 10) | 0)
      u[at++] = 48 + (n % 10)
    } else {
      let digits = 3
      for (let limit = 1000; n >= limit; limit *= 10) digits++
      for (let i = digits - 1, rest = n; i >= 0; i--) {
        u[at + i] = 48 + (rest % 10)
        rest = Math.floor(rest / 10)
      }
      at += digits
    }
    u[at] = 13
    u[at + 1] = 10
    this.at = at + 2
  }
  private reserve(n: number): void {
    const need = this.at + n
    if (need <= this.u8.length) return
    const u8 = new Uint8Array(Math.max(need, this.u8.length * 2))
    u8.set(this.u8.subarray(0, this.at))
    this.u8 = u8
  }
}
/** One is enough: a reply is written in one go. */
export const bulkWriter = new BulkWriter()
